import * as z from 'zod';
import { builder } from '../builder.ts';
import { requireUser, type UserPrincipal } from '../context.ts';
import { nameShape, passwordRules, secretShape } from './fields.ts';
import { Viewer } from './viewer.ts';

const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: 'The one used so far.' }),
    newPassword: t.string({ required: true, description: passwordRules }),
  }),
  validate: z.object({ currentPassword: secretShape, newPassword: secretShape }),
});

const UpdateViewerInput = builder.inputType('UpdateViewerInput', {
  fields: (t) => ({ name: t.string({ required: true, description: '1 to 100 characters.' }) }),
  validate: z.object({ name: nameShape }),
});

const ViewerPayload = builder.objectRef<UserPrincipal>('ViewerPayload').implement({
  access: 'inherited',
  perViewer: true,
  fields: (t) => ({
    viewer: t.field({
      type: Viewer,
      description: 'The one who asked, as they are now.',
      resolve: (principal) => principal,
    }),
  }),
});

builder.mutationFields((t) => ({
  changePassword: t.field({
    type: ViewerPayload,
    access: 'session',
    description: "Sets another password of one's own and ends one's other sessions. Needs a session.",
    args: { input: t.arg({ type: ChangePasswordInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const principal = requireUser(context);
      await context.services.identity.account.changePassword(principal, input, context);
      return principal;
    },
  }),
  updateViewer: t.field({
    type: ViewerPayload,
    access: 'session',
    description: "Changes one's own name. Needs a session.",
    args: { input: t.arg({ type: UpdateViewerInput, required: true }) },
    resolve: async (_root, { input: { name } }, context) => {
      const principal = requireUser(context);
      await context.services.identity.account.rename(principal, name, context);
      return principal;
    },
  }),
}));
