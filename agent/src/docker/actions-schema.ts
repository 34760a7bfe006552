import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import type { OperationContext } from '../context.ts';
import type { Container } from './container.ts';
import { ContainerType } from './container-type.ts';
import type { ContainerAction } from './service.ts';

/** Docker itself waits for so long at most before it gives up on a grace period. Seconds. */
const MAX_GRACE = 3600;

function act(context: OperationContext, id: string, action: ContainerAction): Promise<Container> {
  context.services.policy.requireFeature('docker');
  return context.services.docker.act(id, action, context.signal);
}

function grace(timeoutSeconds: number | null | undefined): number | null {
  if (timeoutSeconds === null || timeoutSeconds === undefined) return null;
  if (timeoutSeconds >= 0 && timeoutSeconds <= MAX_GRACE) return timeoutSeconds;
  throw new AgentError('INPUT_INVALID', `timeoutSeconds must be between 0 and ${MAX_GRACE}.`);
}

for (const kind of ['start', 'pause', 'unpause'] as const) {
  builder.mutationField(`${kind}Container`, (t) =>
    t.field({
      ...scoped('docker:containers:write'),
      type: ContainerType,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, context) => act(context, id, { kind }),
    }),
  );
}

for (const kind of ['stop', 'restart'] as const) {
  builder.mutationField(`${kind}Container`, (t) =>
    t.field({
      ...scoped('docker:containers:write'),
      type: ContainerType,
      args: {
        id: t.arg.id({ required: true }),
        timeoutSeconds: t.arg.int({
          description: "Before it is killed; the container's own setting (10 by default) when null.",
        }),
      },
      resolve: (_root, { id, timeoutSeconds }, context) =>
        act(context, id, { kind, timeoutSeconds: grace(timeoutSeconds) }),
    }),
  );
}

builder.mutationField('killContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    type: ContainerType,
    args: {
      id: t.arg.id({ required: true }),
      signal: t.arg.string({ required: true, defaultValue: 'SIGKILL', description: 'SIGTERM, SIGHUP, …' }),
    },
    resolve(_root, { id, signal }, context) {
      if (!/^(SIG)?[A-Z][A-Z0-9+-]{0,15}$/.test(signal)) {
        throw new AgentError('INPUT_INVALID', 'signal must be the name of a signal, such as SIGTERM.');
      }
      return act(context, id, { kind: 'kill', signal });
    },
  }),
);

builder.mutationField('renameContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    type: ContainerType,
    args: { id: t.arg.id({ required: true }), name: t.arg.string({ required: true }) },
    resolve(_root, { id, name }, context) {
      // The same names that the engine takes (moby, daemon/names).
      if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(name)) {
        throw new AgentError(
          'INPUT_INVALID',
          'A name has 2 to 128 letters, digits, "_", "." or "-", and begins with a letter or digit.',
        );
      }
      return act(context, id, { kind: 'rename', name });
    },
  }),
);

const Removed = builder.objectRef<{ id: string }>('RemovedContainer').implement({
  fields: (t) => ({ id: t.exposeID('id') }),
});

builder.mutationField('removeContainer', (t) =>
  t.field({
    ...scoped('docker:containers:write'),
    type: Removed,
    args: {
      id: t.arg.id({ required: true }),
      force: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Kill it first when it runs.',
      }),
      removeVolumes: t.arg.boolean({
        required: true,
        defaultValue: false,
        description:
          'Its anonymous volumes as well, which takes docker:volumes:write besides; named ones stay.',
      }),
    },
    async resolve(_root, { id, force, removeVolumes }, { services, scopes, signal }) {
      services.policy.requireFeature('docker');
      if (removeVolumes && !scopes.has('docker:volumes:write')) {
        throw new AgentError(
          'SCOPE_DENIED',
          'Removing volumes was not authorised with docker:volumes:write.',
        );
      }
      return { id: await services.docker.remove(id, { force, volumes: removeVolumes }, signal) };
    },
  }),
);
