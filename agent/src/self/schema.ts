import { builder } from '../builder.ts';
import { throwIfAborted } from '../errors.ts';
import type { OperationOutcome } from '../journal.ts';
import type { Policy } from '../policy.ts';
import { scoped } from '../scoped.ts';

builder.queryField('ping', (t) =>
  t.field({
    ...scoped('link'),
    description: "The agent's monotonic clock in ms.",
    type: 'SafeInt',
    resolve: () => Math.round(performance.now()),
  }),
);

const Mode = builder.enumType('PolicyMode', {
  values: {
    LOCAL: { description: 'The ceiling stands on this host; only somebody on the host can raise it.' },
    MANAGED: { description: 'The owner of the host left the ceiling to the control plane.' },
  } as const,
});

const PolicyType = builder.objectRef<Policy>('Policy').implement({
  description: "What this host allows, whatever the control plane's own settings say.",
  fields: (t) => ({
    mode: t.field({ type: Mode, resolve: (policy) => (policy.mode === 'managed' ? 'MANAGED' : 'LOCAL') }),
    scopes: t.stringList({
      description: 'The local ceiling as patterns.',
      resolve: (policy) => [...policy.scopes()],
    }),
    deniedPaths: t.exposeStringList('deniedPaths', {
      description: 'Nothing may read, write or mount these.',
    }),
    disabledFeatures: t.stringList({ resolve: (policy) => [...policy.disabledFeatures] }),
  }),
});

builder.queryField('policy', (t) =>
  t.field({ ...scoped('link'), type: PolicyType, resolve: (_root, _args, { services }) => services.policy }),
);

const OutcomeState = builder.enumType('OutcomeState', {
  values: {
    UNKNOWN: { description: 'Never arrived, or longer than 24 hours ago.' },
    STARTED: { description: 'Under way.' },
    INTERRUPTED: { description: 'The agent ended in the middle of it; it may or may not have happened.' },
    SUCCEEDED: {},
    FAILED: {},
    REFUSED: { description: 'Nothing was done.' },
  } as const,
});

const Outcome = builder.objectRef<OperationOutcome>('OperationOutcome').implement({
  description: 'What became of a mutation whose answer was lost. Times are ms since 1970.',
  fields: (t) => ({
    id: t.exposeID('id'),
    state: t.expose('state', { type: OutcomeState }),
    field: t.exposeString('field', { nullable: true }),
    startedAt: t.expose('startedAt', { type: 'SafeInt', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'SafeInt', nullable: true }),
    errorCode: t.exposeString('errorCode', { nullable: true }),
    errorMessage: t.exposeString('errorMessage', { nullable: true }),
  }),
});

builder.queryField('operationOutcome', (t) =>
  t.field({
    ...scoped('link'),
    type: Outcome,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { services }) => services.journal.outcome(id),
  }),
);

builder.mutationField('restartAgent', (t) =>
  t.boolean({
    ...scoped('agent:restart'),
    description: 'Ends the agent for its supervisor to start it again, once this answer is out.',
    resolve(_root, _args, { services, signal }) {
      throwIfAborted(signal);
      services.restart();
      return true;
    },
  }),
);
