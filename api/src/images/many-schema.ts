import { builder } from '../builder.ts';
import { requirePerson } from '../context.ts';
import { chosenServers, paceFields, selectionFields } from '../fleet/many-type.ts';
import { each } from '../graphql/access.ts';
import { JobPayload } from '../jobs/job-type.ts';
import { platformField, referenceField } from './pull-schema.ts';

const PullImageOnManyInput = builder.inputType('PullImageOnManyInput', {
  fields: (t) => ({
    ...selectionFields(t),
    ...paceFields(t, { parallel: 5, onFailure: 'CONTINUE' }),
    platform: t.string(platformField),
    reference: t.string(referenceField),
  }),
});

builder.mutationField('pullImageOnMany', (t) =>
  t.field({
    type: JobPayload,
    access: 'docker:images:write',
    on: each,
    description:
      'Begins to pull an image on many servers, some at a time: one job, of which `targets` tells how each stands, with a job of its own for each (as pullImage begins it). It stands for the session or token that asks; once that ends, or may no more, nothing is begun on its behalf. Scope: docker:images:write on each when its turn comes.',
    args: { input: t.arg({ type: PullImageOnManyInput, required: true }) },
    resolve: async (_root, { input }, context) => {
      const { reference, platform, parallel, onFailure, ...selection } = input;
      const serverIds = await chosenServers(selection, context, 'mutation.pullImageOnMany');
      const { address } = context;
      const job = await context.services.fleet.start(
        { work: 'image.pull', parallel, onFailure, address, reference, platform: platform ?? null },
        serverIds,
        { principal: requirePerson(context), address },
      );
      return { job };
    },
  }),
);
