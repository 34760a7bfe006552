import { seesWith } from '../access/sees.ts';
import { builder } from '../builder.ts';
import { each } from '../graphql/access.ts';
import { fewOf } from '../input-text.ts';
import { updatePolicyChanges, type UpdatePolicyChange } from './events.ts';
import { UpdatePolicyType } from './policy-type.ts';

builder.queryField('updatePolicies', (t) =>
  t.field({
    type: [UpdatePolicyType],
    access: 'docker:images:read',
    on: each,
    description: 'Update policies of containers and stacks, by server and name. Scope: docker:images:read.',
    args: {
      serverIds: t.arg.idList({
        description: 'On these servers, 1,000 at most; on every one when absent.',
        validate: fewOf(1_000),
      }),
    },
    resolve: (_root, { serverIds }, { services, principal }) => [
      ...services.updates.list(serverIds ?? null, seesWith(principal.rights, 'docker:images:read')),
    ],
  }),
);

const UpdatePolicyEventKind = builder.enumType('UpdatePolicyEventKind', {
  description: 'What became of an update policy.',
  values: {
    APPLIED: { description: 'Something newer runs.' },
    BEGUN: { description: 'An update was begun.' },
    CHANGED: { description: 'More is known.' },
    FAILED: { description: 'An update failed.' },
    NOTICED: { description: 'Something newer is known.' },
    REMOVED: { description: 'It is gone.' },
    SET: { description: 'Somebody set it.' },
  } as const,
});

const UpdatePolicyEvent = builder.objectRef<UpdatePolicyChange>('UpdatePolicyEvent').implement({
  access: 'docker:images:read',
  on: ({ serverId }) => serverId,
  description: 'Something became of an update policy.',
  fields: (t) => ({
    kind: t.expose('kind', { type: UpdatePolicyEventKind, description: 'What.' }),
    policy: t.field({
      type: UpdatePolicyType,
      nullable: true,
      description: 'As it is now; null once it is gone.',
      resolve: ({ policyId }, _args, { services }) => services.updates.store.get(policyId) ?? null,
    }),
    policyId: t.exposeID('policyId', { description: 'Which.' }),
    serverId: t.exposeID('serverId'),
  }),
});

builder.subscriptionField('updatePolicyEvents', (t) =>
  t.field({
    type: UpdatePolicyEvent,
    access: 'docker:images:read',
    on: each,
    description: 'What becomes of update policies, on every server that is seen. Scope: docker:images:read.',
    subscribe: (_root, _args, { services, principal: { rights }, signal }) => {
      const sees = seesWith(rights, 'docker:images:read');
      return services.topics.subscribe(updatePolicyChanges, {
        ...(sees && { where: ({ serverId }) => sees(serverId) }),
        signal,
      });
    },
    resolve: (event) => event,
  }),
);
