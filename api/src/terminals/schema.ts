import * as z from 'zod';
import { actorOf } from '../audit/actor.ts';
import { builder } from '../builder.ts';
import { requirePerson, type RequestContext } from '../context.ts';
import { containerReference } from '../input-text.ts';
import { places, type Place } from './places.ts';
import type { Asker, Terminal, TerminalTarget } from './service.ts';
import { TerminalEventType, TerminalType } from './types.ts';

const id = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be an id');
const columns = z.number().int().min(1).max(500);
const rows = z.number().int().min(1).max(200);
/** What Docker takes: a name or number, and a group after a colon. */
const user = z
  .string()
  .regex(
    /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63})?$/,
    'must be the name or number of a user, and may name a group after a colon',
  );
const maxInput = 32 * 1024;
const record =
  'Whether what it shows is to be recorded, for all to know who look at it; see terminalRecordings. RECORDING_FAILED when it cannot be. It is recorded in any case where that is required.';

function askerOf(context: RequestContext, serverId: string): Asker {
  return {
    actor: actorOf(context),
    held: context.principal.rights.on(serverId),
    signal: context.signal,
  };
}

const TerminalPayload = builder.objectRef<{ readonly terminal: Terminal }>('TerminalPayload').implement({
  access: 'inherited',
  description: 'A terminal after a change.',
  fields: (t) => ({
    terminal: t.field({
      type: TerminalType,
      description: 'As it is now.',
      resolve: ({ terminal }) => terminal,
    }),
  }),
});

const TerminalIdPayload = builder.objectRef<{ readonly terminalId: string }>('TerminalIdPayload').implement({
  access: 'inherited',
  description: 'The terminal that something was done to.',
  fields: (t) => ({ terminalId: t.exposeID('terminalId', { description: 'Its id.' }) }),
});

const OpenContainerTerminalInput = builder.inputType('OpenContainerTerminalInput', {
  fields: (t) => ({
    columns: t.int({ required: true, description: 'Characters in a line.', validate: columns }),
    containerId: t.id({ required: true, validate: containerReference }),
    record: t.boolean({ required: true, defaultValue: false, description: record }),
    rows: t.int({ required: true, description: 'Lines of the screen.', validate: rows }),
    serverId: t.id({ required: true }),
    user: t.string({
      description: "Name or number, with a group after a colon if wanted; the container's own when absent.",
      validate: user,
    }),
  }),
});

builder.mutationField('openContainerTerminal', (t) =>
  t.field({
    type: TerminalPayload,
    access: places.container.scope,
    on: (_root, { input }) => input.serverId,
    description:
      'Starts bash, or else sh, in a running container. One that reaches beyond itself takes docker:containers:privileged as well. Scope: docker:containers:exec.',
    args: { input: t.arg({ type: OpenContainerTerminalInput, required: true }) },
    resolve: async (_root, { input: { serverId, containerId, user: as, ...size } }, context) => ({
      terminal: await context.services.terminals.openInContainer(
        serverId,
        containerId,
        { user: as ?? null, ...size },
        askerOf(context, serverId),
      ),
    }),
  }),
);

const OpenHostTerminalInput = builder.inputType('OpenHostTerminalInput', {
  fields: (t) => ({
    columns: t.int({ required: true, description: 'Characters in a line.', validate: columns }),
    record: t.boolean({ required: true, defaultValue: false, description: record }),
    rows: t.int({ required: true, description: 'Lines of the screen.', validate: rows }),
    serverId: t.id({ required: true }),
  }),
});

builder.mutationField('openHostTerminal', (t) =>
  t.field({
    type: TerminalPayload,
    access: places.host.scope,
    on: (_root, { input }) => input.serverId,
    description:
      "Starts a login shell on a server itself, as the account that the agent's own configuration names. Off unless that configuration has features.shell. Scope: system:terminal.",
    args: { input: t.arg({ type: OpenHostTerminalInput, required: true }) },
    resolve: async (_root, { input: { serverId, ...size } }, context) => ({
      terminal: await context.services.terminals.openOnHost(serverId, size, askerOf(context, serverId)),
    }),
  }),
);

/** What is done to a terminal takes the scope of where it is, so there is one of each per place. */
function fieldsOf(place: Place, noun: string, what: string): void {
  const { scope } = places[place];
  const ends = `Scope: ${scope}.`;
  const access = { access: scope, on: (_root: unknown, { serverId }: { serverId: string }) => serverId };
  const onInput = {
    access: scope,
    on: (_root: unknown, { input }: { input: { serverId: string } }) => input.serverId,
  };
  const targetOf = (input: { readonly serverId: string; readonly terminalId: string }): TerminalTarget => ({
    place,
    serverId: input.serverId,
    terminalId: input.terminalId,
  });

  function targetFields(t: Parameters<Parameters<typeof builder.inputType>[1]['fields'] & object>[0]) {
    return { serverId: t.id({ required: true }), terminalId: t.id({ required: true, validate: id }) };
  }
  const WriteInput = builder.inputType(`Write${noun}TerminalInput`, {
    fields: (t) => ({
      ...targetFields(t),
      text: t.string({
        required: true,
        description: `At most ${maxInput} characters, control characters included.`,
        validate: z.string().max(maxInput),
      }),
    }),
  });
  const ResizeInput = builder.inputType(`Resize${noun}TerminalInput`, {
    fields: (t) => ({
      ...targetFields(t),
      columns: t.int({ required: true, description: 'Characters in a line.', validate: columns }),
      rows: t.int({ required: true, description: 'Lines of the screen.', validate: rows }),
    }),
  });
  const CloseInput = builder.inputType(`Close${noun}TerminalInput`, { fields: targetFields });
  const ShownInput = builder.inputType(`Acknowledge${noun}TerminalInput`, {
    fields: (t) => ({
      characters: t.int({
        required: true,
        description: 'How many characters (UTF-16 code units) were shown since it was last said.',
        validate: z.number().int().min(1).max(10_000_000),
      }),
      serverId: t.id({ required: true }),
      viewerId: t.id({
        required: true,
        description: 'As chosen when following it.',
        validate: id,
      }),
    }),
  });

  builder.queryField(`${place}Terminals`, (t) =>
    t.field({
      type: [TerminalType],
      nullable: true,
      ...access,
      description: `Terminals that are open ${what}. ${ends}`,
      args: { serverId: t.arg.id({ required: true }) },
      resolve: (_root, { serverId }, { services }) => services.terminals.list(place, serverId),
    }),
  );

  builder.mutationFields((t) => ({
    [`write${noun}Terminal`]: t.field({
      type: TerminalIdPayload,
      ...onInput,
      description: `Types into a terminal. Wait for each answer before the next, to keep the order. Not on record. ${ends}`,
      args: { input: t.arg({ type: WriteInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const asker = askerOf(context, input.serverId);
        await context.services.terminals.write(targetOf(input), input.text, asker);
        return input;
      },
    }),
    [`resize${noun}Terminal`]: t.field({
      type: TerminalPayload,
      ...onInput,
      description: `Changes the size of a terminal, for all who look at it. While whoever opened it looks at it, it stays as they have it. ${ends}`,
      args: { input: t.arg({ type: ResizeInput, required: true }) },
      resolve: async (_root, { input }, context) => ({
        terminal: await context.services.terminals.resize(
          targetOf(input),
          { columns: input.columns, rows: input.rows },
          askerOf(context, input.serverId),
        ),
      }),
    }),
    [`close${noun}Terminal`]: t.field({
      type: TerminalIdPayload,
      ...onInput,
      description: `Ends a terminal with everything that was started in it. ${ends}`,
      args: { input: t.arg({ type: CloseInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        await context.services.terminals.close(targetOf(input), askerOf(context, input.serverId));
        return input;
      },
    }),
    [`acknowledge${noun}Terminal`]: t.field({
      type: 'Boolean',
      ...onInput,
      description: `Says how much of what was sent has been shown; see viewerId of ${place}Terminal. ${ends}`,
      args: { input: t.arg({ type: ShownInput, required: true }) },
      resolve: (_root, { input: { viewerId, characters } }, context) => {
        context.services.terminals.shown(actorOf(context), viewerId, characters);
        return true;
      },
    }),
  }));

  builder.subscriptionField(`${place}Terminal`, (t) =>
    t.field({
      type: TerminalEventType,
      ...access,
      delivery: 'private',
      // Its container may take a scope besides, which the agent looks for when it is opened again.
      onRights: () => [],
      description: `What a terminal shows: first its screen, then what is written. Ends with it. ${ends}`,
      args: {
        serverId: t.arg.id({ required: true }),
        terminalId: t.arg.id({ required: true, validate: id }),
        viewerId: t.arg.id({
          description:
            'Any new text: then no more than 128 KB are sent ahead of what was acknowledged. For those who take everything off their socket before they show it, as browsers do.',
          validate: id,
        }),
      },
      subscribe: async (_root, { serverId, terminalId, viewerId }, context) => {
        requirePerson(context);
        const target = { place, serverId, terminalId };
        const asker = askerOf(context, serverId);
        await context.services.terminals.enter(target, asker);
        return context.services.terminals.follow(target, {
          ...asker,
          viewerId: viewerId ?? null,
          ...(context.socket && { socket: context.socket }),
        });
      },
      resolve: (event) => event,
    }),
  );
}

fieldsOf('container', 'Container', 'in containers of a server');
fieldsOf('host', 'Host', 'on a server itself');
