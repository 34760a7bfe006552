import { builder } from '../builder.ts';
import { RecordingEndEnum } from './recording/types.ts';
import type { Terminal, TerminalEvent } from './service.ts';

export const TerminalType = builder.objectRef<Terminal>('Terminal').implement({
  access: 'inherited',
  description:
    'A shell with a terminal. It lives apart from who looks at it, and for a minute without anybody.',
  fields: (t) => ({
    columns: t.exposeInt('columns', { description: 'Its width in characters.' }),
    containerId: t.exposeID('containerId', {
      nullable: true,
      description: 'The container it is in; null for one of the server itself.',
    }),
    id: t.exposeID('id', { description: 'Prefixed with "trm_".' }),
    openedAt: t.field({
      type: 'DateTime',
      description: "When it was opened, by the server's clock.",
      resolve: ({ openedAt }) => new Date(openedAt),
    }),
    openedBy: t.exposeID('actor', { description: 'The person who opened it.' }),
    recorded: t.exposeBoolean('recorded', { description: 'What it shows is being recorded.' }),
    privileged: t.exposeBoolean('privileged', {
      description:
        'Its container reaches beyond itself: whoever uses it needs docker:containers:privileged as well.',
    }),
    rows: t.exposeInt('rows', { description: 'Its height in lines.' }),
    viewers: t.exposeInt('viewers', { description: 'How many look at it now.' }),
  }),
});

const TerminalEventKind = builder.enumType('TerminalEventKind', {
  description: 'What happened to a terminal.',
  values: {
    ENDED: { description: 'The last event.' },
    IDLE: { description: 'Nobody typed for long, so that it is about to end; or somebody did after all.' },
    RECORDING: { description: 'It is recorded from here on, or not any more.' },
    OUTPUT: { description: 'Something was written.' },
    RESIZED: { description: 'Somebody changed its size.' },
    SCREEN: { description: 'What to show instead of all before; it may go on as OUTPUT.' },
  } as const,
});

const TerminalEnd = builder.enumType('TerminalEnd', {
  description: 'Why a terminal ended.',
  values: {
    ABANDONED: { description: 'Nobody looked at it for a minute.' },
    CLOSED: { description: 'Somebody closed it.' },
    EXITED: { description: 'The shell ended.' },
    IDLE: { description: 'Nobody typed for too long.' },
    LOST: { description: 'The connection to the shell broke, as Docker was stopped.' },
    STOPPED: { description: 'The agent was stopped.' },
    UNRECORDED: { description: 'It has to be recorded, and could not be.' },
  } as const,
});

export const TerminalEventType = builder.objectRef<TerminalEvent>('TerminalEvent').implement({
  access: 'inherited',
  description: 'What a terminal shows, or what happened to it.',
  fields: (t) => ({
    columns: t.exposeInt('columns', { nullable: true, description: 'Of SCREEN and RESIZED.' }),
    endsInMs: t.exposeInt('endsInMs', {
      nullable: true,
      description: 'Of IDLE: milliseconds until it ends, unless somebody types; null once somebody did.',
    }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Of a shell that ended by itself.' }),
    kind: t.field({ type: TerminalEventKind, description: 'What it is.', resolve: ({ kind }) => kind }),
    reason: t.field({
      type: TerminalEnd,
      nullable: true,
      description: 'Of ENDED.',
      resolve: ({ reason }) => reason,
    }),
    recorded: t.exposeBoolean('recorded', {
      nullable: true,
      description: 'Of RECORDING: whether it is; at first it is not.',
    }),
    recordingEnd: t.field({
      type: RecordingEndEnum,
      nullable: true,
      description:
        'Of RECORDING that it is recorded no more, and of ENDED as it has to be recorded: why its recording ended early, where that is known.',
      resolve: ({ recordingEnd }) => recordingEnd,
    }),
    rows: t.exposeInt('rows', { nullable: true, description: 'Of SCREEN and RESIZED.' }),
    text: t.exposeString('text', {
      nullable: true,
      description: 'Of SCREEN and OUTPUT: what a terminal is to be fed, escape sequences included.',
    }),
  }),
});
