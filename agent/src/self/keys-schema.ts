import type { Succession } from '@serverkit/wire/agent-keys.ts';
import { builder } from '../builder.ts';
import { throwIfAborted } from '../errors.ts';
import { scoped } from '../scoped.ts';

const SuccessionType = builder.objectRef<Succession>('KeySuccession').implement({
  description:
    'Both keys sign that the new one takes the place of the old one. Ed25519, base64url; wire/PROTOCOL.md, Key rotation.',
  fields: (t) => ({
    rotationId: t.exposeID('rotationId'),
    oldKey: t.exposeString('oldKey'),
    newKey: t.exposeString('newKey'),
    signedByOld: t.exposeString('signedByOld'),
    signedByNew: t.exposeString('signedByNew'),
  }),
});

builder.mutationField('rotateKey', (t) =>
  t.field({
    ...scoped('link'),
    description:
      'Makes the next key and keeps it beside the one in use; the same rotation gets the same key again.',
    type: SuccessionType,
    args: { rotationId: t.arg.id({ required: true }) },
    resolve(_root, { rotationId }, { services, keySession, signal }) {
      throwIfAborted(signal);
      return services.keyring.rotate(rotationId, keySession);
    },
  }),
);

builder.mutationField('adoptKey', (t) =>
  t.boolean({
    ...scoped('link'),
    description: 'The next key is the only one from now on. Only on a link that was made with it.',
    args: {
      rotationId: t.arg.id({ required: true }),
      approvedBy: t.arg.id({ required: true, description: "Id of the control plane's key." }),
      approval: t.arg.string({ required: true, description: 'Its signature over the step.' }),
    },
    resolve(_root, { rotationId, approvedBy, approval }, { services, keySession, signal }) {
      throwIfAborted(signal);
      services.keyring.adopt(rotationId, { keyId: approvedBy, signature: approval }, keySession);
      return true;
    },
  }),
);

builder.mutationField('dropKey', (t) =>
  t.boolean({
    ...scoped('link'),
    description: 'Gives a rotation up. Not on a link that was made with the next key.',
    args: { rotationId: t.arg.id({ required: true }) },
    resolve(_root, { rotationId }, { services, keySession, signal }) {
      throwIfAborted(signal);
      services.keyring.drop(rotationId, keySession);
      return true;
    },
  }),
);
