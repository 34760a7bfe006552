import { builder } from '../builder.ts';
import { AgentError } from '../errors.ts';
import { scoped } from '../scoped.ts';
import { FactsType } from './facts-type.ts';
import { SampleBatch, SampleCursorInput, SampleType } from './sample-type.ts';

builder.queryField('facts', (t) =>
  t.field({
    ...scoped('system:metrics:read'),
    type: FactsType,
    resolve: (_root, _args, { services }) => services.facts.current(),
  }),
);

builder.subscriptionField('samples', (t) =>
  t.field({
    ...scoped('system:metrics:read'),
    description:
      'Everything kept after the cursor (all of it when the cursor is unknown), then every new sample.',
    type: SampleBatch,
    args: { after: t.arg({ type: SampleCursorInput }) },
    subscribe(_root, { after }, { services, signal }) {
      services.policy.requireFeature('metrics');
      return services.sampling.stored(after ?? null, signal);
    },
    resolve: (samples, _args, { services }) => ({
      epoch: services.ring.epoch,
      monotonicMs: Math.round(performance.now()),
      samples,
    }),
  }),
);

builder.subscriptionField('liveSamples', (t) =>
  t.field({
    ...scoped('system:metrics:read'),
    description: 'One sample per interval (1–10 s) while somebody watches. Never stored.',
    type: SampleType,
    args: { intervalMs: t.arg.int({ required: true, defaultValue: 1000 }) },
    subscribe(_root, { intervalMs }, { services, signal }) {
      services.policy.requireFeature('metrics');
      if (intervalMs < 1000 || intervalMs > 10_000) {
        throw new AgentError('INPUT_INVALID', 'intervalMs must be between 1000 and 10000.');
      }
      return services.sampling.live(intervalMs, signal);
    },
    resolve: (sample) => sample,
  }),
);
