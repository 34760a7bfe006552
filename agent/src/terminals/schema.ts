import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { builder } from '../builder.ts';
import type { OperationContext } from '../context.ts';
import { AgentError } from '../errors.ts';
import { passing, scoped } from '../scoped.ts';
import type { TerminalCall } from './service.ts';
import {
  maxColumns,
  maxInput,
  maxRows,
  terminalEnds,
  type Size,
  type Terminal,
  type TerminalEnded,
  type TerminalEvent,
  type TerminalNews,
  type TerminalPlace,
} from './terminal.ts';

const TerminalType = builder.objectRef<Terminal>('Terminal').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    containerId: t.exposeID('containerId', { nullable: true, description: 'Null for one of the host.' }),
    privileged: t.exposeBoolean('privileged', {
      description:
        'Its container reaches beyond itself: whoever uses it needs docker:containers:privileged as well.',
    }),
    actor: t.exposeString('actor', { description: 'Who opened it.' }),
    openedAt: t.expose('openedAt', { type: 'SafeInt' }),
    columns: t.exposeInt('columns'),
    rows: t.exposeInt('rows'),
    viewers: t.exposeInt('viewers', { description: 'Who look at it now, over this link.' }),
  }),
});

const Kind = builder.enumType('TerminalEventKind', {
  values: {
    SCREEN: { description: 'What to show instead of all before; it may go on as OUTPUT.' },
    OUTPUT: { description: 'What was written since, escape sequences included.' },
    RESIZED: { description: 'Somebody changed the size.' },
    IDLE: { description: 'Nobody typed for long, so that it is about to end; or somebody did after all.' },
    ENDED: { description: 'The last event.' },
  } as const,
});

const End = builder.enumType('TerminalEnd', {
  description:
    'EXITED: the shell ended. CLOSED: somebody closed it. IDLE: nobody typed for too long. ABANDONED: nobody looked at it for a minute. LOST: the connection to the shell broke. STOPPED: the agent was stopped.',
  values: terminalEnds,
});

const Event = builder.objectRef<TerminalEvent>('TerminalEvent').implement({
  fields: (t) => ({
    kind: t.field({ type: Kind, resolve: ({ kind }) => kind }),
    text: t.string({
      nullable: true,
      description: 'Of SCREEN and OUTPUT. Its UTF-8 bytes are spent from the credit.',
      resolve: (event) => ('text' in event ? event.text : null),
    }),
    columns: t.int({
      nullable: true,
      description: 'Of SCREEN and RESIZED.',
      resolve: (event) => ('columns' in event ? event.columns : null),
    }),
    rows: t.int({
      nullable: true,
      description: 'Of SCREEN and RESIZED.',
      resolve: (event) => ('rows' in event ? event.rows : null),
    }),
    reason: t.field({
      type: End,
      nullable: true,
      description: 'Of ENDED.',
      resolve: (event) => (event.kind === 'ENDED' ? event.reason : null),
    }),
    exitCode: t.int({
      nullable: true,
      description: 'Of a shell that ended.',
      resolve: (event) => (event.kind === 'ENDED' ? event.exitCode : null),
    }),
    endsInMs: t.int({
      nullable: true,
      description: 'Of IDLE: until it ends, unless somebody types; null once somebody did.',
      resolve: (event) => (event.kind === 'IDLE' ? event.endsInMs : null),
    }),
  }),
});

const Ended = builder.objectRef<TerminalEnded>('TerminalEnded').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    reason: t.field({ type: End, resolve: ({ reason }) => reason }),
    exitCode: t.exposeInt('exitCode', { nullable: true, description: 'Of a shell that ended by itself.' }),
    openedAt: t.expose('openedAt', { type: 'SafeInt' }),
    endedAt: t.expose('endedAt', { type: 'SafeInt' }),
  }),
});

const News = builder.objectRef<TerminalNews>('TerminalNews').implement({
  fields: (t) => ({
    open: t.idList({
      nullable: true,
      description: 'All that are open now; told once, first.',
      resolve: ({ open }) => open && [...open],
    }),
    ended: t.field({ type: [Ended], resolve: ({ ended }) => ended }),
  }),
});

builder.subscriptionField('terminalNews', (t) =>
  t.field({
    ...scoped('link'),
    description:
      'Which terminals ended lately, then each that ends: for the record, which nothing keeps from being whole.',
    type: News,
    subscribe: (_root, _args, { services, signal }) => services.terminals.news(signal),
    resolve: (news) => news,
  }),
);

const Done = builder.objectRef<{ readonly id: string }>('TerminalDone').implement({
  fields: (t) => ({ id: t.exposeID('id') }),
});

/** @throws AgentError INPUT_INVALID */
function sizeOf({ columns, rows }: Size): Size {
  if (columns >= 2 && columns <= maxColumns && rows >= 1 && rows <= maxRows) return { columns, rows };
  throw new AgentError(
    'INPUT_INVALID',
    `A terminal has 2 to ${maxColumns} columns and 1 to ${maxRows} rows.`,
  );
}

/** What Docker takes: a name or number, and a group. */
const userName = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63})?$/;
const terminalId = /^[a-zA-Z0-9_-]{8,64}$/;

/** One of each per place, as each takes a scope of its own. */
function fieldsOf(place: TerminalPlace, scope: AgentScope, enter: (context: OperationContext) => void): void {
  const noun = place === 'container' ? 'ContainerTerminal' : 'HostTerminal';
  const callOf = (id: string, context: OperationContext): TerminalCall => {
    enter(context);
    return { place, id, caller: context };
  };

  builder.queryField(place === 'container' ? 'containerTerminals' : 'hostTerminals', (t) =>
    t.field({
      ...scoped(scope),
      type: [TerminalType],
      resolve(_root, _args, context) {
        enter(context);
        return context.services.terminals.list(place);
      },
    }),
  );

  builder.mutationField(`write${noun}`, (t) =>
    t.field({
      ...passing(scope),
      description: `What was typed, in order. At most ${maxInput} characters.`,
      type: Done,
      args: { id: t.arg.id({ required: true }), text: t.arg.string({ required: true }) },
      resolve(_root, { id, text }, context) {
        if (text.length > maxInput) {
          throw new AgentError('INPUT_INVALID', `At most ${maxInput} characters can be typed at once.`);
        }
        context.services.terminals.write(callOf(id, context), text);
        return { id };
      },
    }),
  );

  builder.mutationField(`resize${noun}`, (t) =>
    t.field({
      ...passing(scope),
      description:
        'While whoever opened it looks at it, only they change its size; for others it stays as it is.',
      type: TerminalType,
      args: {
        id: t.arg.id({ required: true }),
        columns: t.arg.int({ required: true }),
        rows: t.arg.int({ required: true }),
      },
      resolve: (_root, { id, ...size }, context) =>
        context.services.terminals.resize(callOf(id, context), sizeOf(size)),
    }),
  );

  builder.mutationField(`close${noun}`, (t) =>
    t.field({
      ...scoped(scope),
      description: 'Ends the shell with all that was started in it.',
      type: Done,
      args: { id: t.arg.id({ required: true }) },
      async resolve(_root, { id }, context) {
        await context.services.terminals.close(callOf(id, context));
        return { id };
      },
    }),
  );

  builder.subscriptionField(place === 'container' ? 'containerTerminal' : 'hostTerminal', (t) =>
    t.field({
      ...scoped(scope),
      description:
        'What a terminal shows: its screen, then what is written, as credit allows. One that nobody follows ends after a minute.',
      type: Event,
      args: {
        id: t.arg.id({ required: true }),
        recording: t.arg.boolean({
          description:
            'To record it: it counts as nobody who looks at the terminal, and the terminal does not wait for it. One that falls behind gets a SCREEN again.',
        }),
        windowBytes: t.arg.int({ required: true, description: 'Credit to begin with.' }),
      },
      subscribe: (_root, { id, recording }, context) =>
        context.services.terminals.follow(
          { ...callOf(id, context), recording: recording === true },
          context.credits,
          context.signal,
        ),
      resolve: (event) => event,
    }),
  );
}

const needsDocker = ({ services }: OperationContext): void => services.policy.requireFeature('docker');

fieldsOf('container', 'docker:containers:exec', needsDocker);

const needsShell = ({ services }: OperationContext): void => services.policy.requireFeature('shell');

fieldsOf('host', 'system:terminal', needsShell);

/** @throws AgentError INPUT_INVALID */
function newId(id: string): string {
  if (terminalId.test(id)) return id;
  throw new AgentError('INPUT_INVALID', 'id must be 8 to 64 letters or digits.');
}

builder.mutationField('openHostTerminal', (t) =>
  t.field({
    ...scoped('system:terminal'),
    description:
      'Starts the login shell of the account that the configuration of this host names. Off unless that configuration switches it on.',
    type: TerminalType,
    args: {
      id: t.arg.id({
        required: true,
        description: 'What it is to be called: new, 8 to 64 letters or digits.',
      }),
      columns: t.arg.int({ required: true }),
      rows: t.arg.int({ required: true }),
    },
    resolve(_root, { id, ...size }, context) {
      needsShell(context);
      return context.services.terminals.openOnHost(
        { id: newId(id), ...sizeOf(size) },
        context,
        context.signal,
      );
    },
  }),
);

builder.mutationField('openContainerTerminal', (t) =>
  t.field({
    ...scoped('docker:containers:exec'),
    description:
      'Starts bash, or else sh, in a running container. A container that reaches beyond itself takes docker:containers:privileged as well.',
    type: TerminalType,
    args: {
      id: t.arg.id({
        required: true,
        description: 'What it is to be called: new, 8 to 64 letters or digits.',
      }),
      containerId: t.arg.id({ required: true }),
      user: t.arg.string({
        description: "Name or number, with a group after a colon if wanted; the container's own when null.",
      }),
      columns: t.arg.int({ required: true }),
      rows: t.arg.int({ required: true }),
    },
    resolve(_root, { id, containerId: container, user, ...size }, context) {
      needsDocker(context);
      const { services, actor, scopes, signal } = context;
      if (typeof user === 'string' && !userName.test(user)) {
        throw new AgentError(
          'INPUT_INVALID',
          'user must be a name or number, and may name a group after a colon.',
        );
      }
      const caller = { actor, scopes, deniesPath: (path: string) => services.policy.deniesPath(path) };
      return services.terminals.openInContainer(
        { id: newId(id), container, user: user ?? null, ...sizeOf(size) },
        caller,
        signal,
      );
    },
  }),
);
