import * as z from 'zod';
import { builder } from '../builder.ts';
import { emailShape } from './email.ts';
import { nameShape, passwordRules, secretShape } from './fields.ts';
import { keepCookie, SignInPayload } from './sign-in-payload.ts';

const SetupStatus = builder.objectRef<{ needed: boolean }>('SetupStatus').implement({
  access: 'inherited',
  description: 'Where a new installation stands.',
  fields: (t) => ({
    needed: t.exposeBoolean('needed', { description: 'True until the first administrator exists.' }),
  }),
});

builder.queryField('setupStatus', (t) =>
  t.field({
    type: SetupStatus,
    access: 'public',
    description: 'Whether the first administrator has yet to be made. Open to everyone.',
    resolve: async (_root, _args, { services }) => ({ needed: await services.identity.setup.needed() }),
  }),
);

const CompleteSetupInput = builder.inputType('CompleteSetupInput', {
  fields: (t) => ({
    code: t.string({ required: true, description: 'The one-time code from the log of the first start.' }),
    email: t.string({ required: true, description: 'What the administrator will sign in with.' }),
    name: t.string({ required: true, description: 'How the administrator is called.' }),
    password: t.string({ required: true, description: passwordRules }),
  }),
  validate: z.object({
    code: z.string().max(100),
    email: emailShape,
    name: nameShape,
    password: secretShape,
  }),
});

builder.mutationField('completeSetup', (t) =>
  t.field({
    type: SignInPayload,
    access: 'public',
    description:
      'Makes the first administrator with the one-time code printed at the first start, and signs in. Open to everyone.',
    args: { input: t.arg({ type: CompleteSetupInput, required: true }) },
    resolve: (_root, { input }, context) =>
      keepCookie(context, (visitor) => context.services.identity.completeSetup(input, visitor)),
  }),
);
