import * as z from 'zod';
import { builder } from '../builder.ts';
import { requireUser } from '../context.ts';
import type { TotpEnrolment } from './totp.ts';
import { UserPayload, userInput } from './user.ts';

const BeginSecondFactorInput = builder.inputType('BeginSecondFactorInput', {
  fields: (t) => ({ clientMutationId: t.string() }),
});

const BeginSecondFactorPayload = builder.objectRef<TotpEnrolment>('BeginSecondFactorPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    secret: t.exposeString('secret', {
      perViewer: true,
      description: 'To be typed into an authenticator app.',
    }),
    uri: t.exposeString('uri', {
      perViewer: true,
      description: 'otpauth://totp/…, to be drawn as a QR code that such an app scans.',
    }),
  }),
});

const ConfirmSecondFactorInput = builder.inputType('ConfirmSecondFactorInput', {
  fields: (t) => ({
    code: t.string({ required: true, description: 'Six digits that the app shows now.' }),
  }),
  validate: z.object({ code: z.string().max(20) }),
});

const RecoveryCodesPayload = builder
  .objectRef<{ readonly codes: readonly string[] }>('RecoveryCodesPayload')
  .implement({
    access: 'inherited',
    perViewer: true,
    fields: (t) => ({
      recoveryCodes: t.stringList({
        perViewer: true,
        description:
          'Ten codes, each good once in place of one of the app. Answered here and nowhere else: to be printed or kept in a password manager.',
        resolve: ({ codes }) => [...codes],
      }),
    }),
  });

const RenewRecoveryCodesInput = builder.inputType('RenewRecoveryCodesInput', {
  fields: (t) => ({ clientMutationId: t.string() }),
});

const DisableSecondFactorInput = builder.inputType('DisableSecondFactorInput', {
  fields: (t) => ({ clientMutationId: t.string() }),
});

const DisableSecondFactorPayload = builder
  .objectRef<{ readonly ok: boolean }>('DisableSecondFactorPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ ok: t.exposeBoolean('ok') }),
  });

builder.mutationFields((t) => ({
  beginSecondFactor: t.field({
    type: BeginSecondFactorPayload,
    access: 'session',
    fresh: true,
    description:
      'Shows a new secret for an authenticator app. Nothing changes until confirmSecondFactor was given a code of it, within 15 minutes. Needs a fresh session.',
    args: { input: t.arg({ type: BeginSecondFactorInput, required: true }) },
    resolve: (_root, _args, context) => {
      const { identity, controlPlane } = context.services;
      const { hostname } = new URL(controlPlane.publicUrl());
      return identity.account.beginSecondFactor(requireUser(context), `ServerKit ${hostname}`);
    },
  }),
  confirmSecondFactor: t.field({
    type: RecoveryCodesPayload,
    access: 'session',
    fresh: true,
    description:
      "Turns the second factor on: signing in asks for a code from now on. Ends one's other sessions. Needs a fresh session.",
    args: { input: t.arg({ type: ConfirmSecondFactorInput, required: true }) },
    resolve: async (_root, { input: { code } }, context) => ({
      codes: await context.services.identity.account.confirmSecondFactor(requireUser(context), code, context),
    }),
  }),
  renewRecoveryCodes: t.field({
    type: RecoveryCodesPayload,
    access: 'session',
    fresh: true,
    description: 'New recovery codes in place of all earlier ones. Needs a fresh session.',
    args: { input: t.arg({ type: RenewRecoveryCodesInput, required: true }) },
    resolve: async (_root, _args, context) => ({
      codes: await context.services.identity.account.renewRecoveryCodes(requireUser(context), context),
    }),
  }),
  disableSecondFactor: t.field({
    type: DisableSecondFactorPayload,
    access: 'session',
    fresh: true,
    description: 'Turns the second factor off and forgets the recovery codes. Needs a fresh session.',
    args: { input: t.arg({ type: DisableSecondFactorInput, required: true }) },
    resolve: async (_root, _args, context) => {
      await context.services.identity.account.disableSecondFactor(requireUser(context), context);
      return { ok: true };
    },
  }),
  resetSecondFactor: t.field({
    type: UserPayload,
    access: 'users:write',
    fresh: true,
    description:
      'Takes the second factor of somebody away who lost app and recovery codes, and ends their sessions. Scope: users:write, and all that their role allows; needs a fresh sign-in.',
    args: { input: t.arg({ type: userInput('ResetSecondFactorInput'), required: true }) },
    resolve: async (_root, { input: { userId } }, context) => ({
      user: await context.services.identity.resetSecondFactor(userId, context),
    }),
  }),
}));
