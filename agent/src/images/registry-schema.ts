import { builder } from '../builder.ts';
import { throwIfAborted } from '../errors.ts';
import { scoped } from '../scoped.ts';
import { RegistryAuthInput } from './pull-schema.ts';
import { checkRegistry, type RegistryCheck } from './registry.ts';

const Check = builder.objectRef<RegistryCheck>('RegistryCheck').implement({
  description: 'Whether a registry lets this server in.',
  fields: (t) => ({
    accepted: t.exposeBoolean('accepted'),
    message: t.exposeString('message', { description: 'What it said.' }),
  }),
});

// A mutation, as what only reads takes no scope that writes, and credentials are for those who may pull with them.
builder.mutationField('checkRegistry', (t) =>
  t.field({
    ...scoped('docker:images:write'),
    description: 'Signs in to a registry and keeps nothing of it.',
    type: Check,
    args: { auth: t.arg({ type: RegistryAuthInput, required: true }) },
    resolve(_root, { auth }, { services, signal }) {
      services.policy.requireFeature('docker');
      throwIfAborted(signal);
      return checkRegistry(services.docker.engine, auth);
    },
  }),
);
