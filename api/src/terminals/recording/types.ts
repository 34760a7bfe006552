import { builder } from '../../builder.ts';
import { ServerType } from '../../servers/server-type.ts';
import { storedActor } from '../../audit/actor.ts';
import { storedTarget } from '../target.ts';
import { recordingEnds, type RecordingEnd } from './recorder.ts';
import { storedPlace } from './shelf.ts';

const TerminalPlaceEnum = builder.enumType('TerminalPlace', {
  description: 'Where a terminal is.',
  values: {
    CONTAINER: { value: 'container', description: 'In a container.' },
    HOST: { value: 'host', description: 'On the server itself.' },
  } as const,
});

export const RecordingEndEnum = builder.enumType('TerminalRecordingEnd', {
  description: 'Why there is no more of a recording.',
  values: {
    COMPLETE: { description: 'It ended with its terminal.' },
    CUT_OFF: { description: 'Its server went out of reach while it was made, and did not come back.' },
    DISK_FULL: { description: 'It ended early: there was no room left where ServerKit keeps its data.' },
    DISK_STALLED: { description: 'It ended early: the disk where ServerKit keeps its data did not answer.' },
    FAILED: { description: 'It ended early: it could not be written; the log of ServerKit says why.' },
    LOST: { description: 'Its terminal ended while the server was out of reach.' },
    OVER_BUDGET: {
      description:
        'It ended early: all recordings took as much as they may, and those being made left no other to delete.',
    },
    TOO_LARGE: { description: 'It ended early: it is as large as one may be.' },
  } satisfies Record<RecordingEnd, object>,
});

export const TerminalRecordingType = builder.prismaObject('TerminalRecording', {
  access: 'audit:read',
  on: ({ serverId }) => serverId,
  description:
    'What a terminal showed, and when; never what was typed, unless it was shown. It is kept encrypted, for as long as the settings say.',
  fields: (t) => ({
    containerId: t.id({
      nullable: true,
      description: 'The container that the terminal was in; null for one of the server itself.',
      resolve: ({ place, target }) =>
        storedPlace(place) === 'container' ? (storedTarget(target)?.id ?? null) : null,
    }),
    containerName: t.string({
      nullable: true,
      description: 'Its name when the terminal was opened.',
      resolve: ({ place, target }) =>
        storedPlace(place) === 'container' ? (storedTarget(target)?.name ?? null) : null,
    }),
    durationMs: t.exposeInt('durationMs', {
      description: 'From its beginning to what it shows last. Milliseconds; 0 while it is being made.',
    }),
    end: t.field({
      type: RecordingEndEnum,
      nullable: true,
      description: 'Why there is no more of it; null while it is being made.',
      resolve: ({ endedAt, ending }) =>
        endedAt === null ? null : (recordingEnds.find((one) => one === ending) ?? 'FAILED'),
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it is being made.',
    }),
    id: t.exposeID('id', { description: 'Prefixed with "rec_".' }),
    openedBy: t.string({
      nullable: true,
      description: 'Who opened the terminal, by the name they had then.',
      resolve: ({ actor }) => {
        const opener = storedActor(actor);
        return opener && 'label' in opener ? opener.label : null;
      },
    }),
    place: t.field({
      type: TerminalPlaceEnum,
      description: 'Where the terminal was.',
      resolve: ({ place }) => storedPlace(place),
    }),
    required: t.exposeBoolean('required', { description: 'It had to be made, or was asked for.' }),
    server: t.relation('server', { type: ServerType, description: 'The server it was on.' }),
    sizeBytes: t.exposeInt('sizeBytes', {
      description: 'Of the file that is downloaded, about; 0 while it is being made.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    terminalId: t.exposeID('terminalId', { description: 'The terminal, as the audit names it.' }),
  }),
});
