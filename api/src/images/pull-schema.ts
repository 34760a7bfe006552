import * as z from 'zod';
import { builder } from '../builder.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { imageReference } from './fields.ts';
import { pull } from './pull.ts';

const platform = z.string().regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/, 'must be such as linux/arm64');

export const platformField = {
  description: "Such as linux/arm64; the server's own when absent.",
  validate: platform,
} as const;

export const referenceField = {
  required: true,
  description:
    'Such as nginx:1.29 or registry.example.com/team/web@sha256:…; the tag is latest when it names none.',
  validate: imageReference,
} as const;

const PullImageInput = builder.inputType('PullImageInput', {
  fields: (t) => ({
    platform: t.string(platformField),
    reference: t.string(referenceField),
    serverId: t.id({ required: true }),
  }),
});

builder.mutationField('pullImage', (t) =>
  t.field({
    type: JobPayload,
    access: 'docker:images:write',
    on: (_root, { input }) => input.serverId,
    description:
      'Begins to pull an image onto a server, with the credentials for its registry if there are any; the progress of each layer is told by the job. Scope: docker:images:write.',
    args: { input: t.arg({ type: PullImageInput, required: true }) },
    resolve: async (_root, { input: { serverId, reference, platform: wanted } }, context) => ({
      job: await pull(context, { serverId, reference, platform: wanted ?? null }),
    }),
  }),
);
