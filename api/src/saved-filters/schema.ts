import type { SavedFilter } from '@serverkit/prisma/generated/client/client.ts';
import * as z from 'zod';
import { builder } from '../builder.ts';
import { requireUser } from '../context.ts';
import { nameText } from '../input-text.ts';
import { ServerFilterInput } from '../servers/filter-type.ts';
import { ServerStatusEnum } from '../servers/server-type.ts';
import { statuses } from '../servers/types.ts';
import { fieldsOf, type FilterFields } from './service.ts';

const SavedFilterType = builder.prismaObject('SavedFilter', {
  access: 'inherited',
  perViewer: true,
  description: "A filter of the list of servers that somebody keeps under a name. Everyone's own.",
  fields: (t) => ({
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first kept.' }),
    groupId: t.id({
      nullable: true,
      description: 'Servers in this group, which may be gone or out of sight by now.',
      resolve: (row) => fieldsOf(row).groupId ?? null,
    }),
    id: t.exposeID('id', { description: 'Opaque, flt_….' }),
    name: t.exposeString('name', { description: "Unlike that of one's other filters." }),
    statuses: t.field({
      type: [ServerStatusEnum],
      description: 'In any of these states; in every one when empty.',
      resolve: (row) => statuses.filter((status) => fieldsOf(row).statuses?.includes(status)),
    }),
    tags: t.stringList({
      description: 'Servers that carry every one of these.',
      resolve: (row) => fieldsOf(row).tags ?? [],
    }),
    text: t.string({ description: 'What is searched for.', resolve: (row) => fieldsOf(row).text ?? '' }),
  }),
});

builder.queryField('savedFilters', (t) =>
  t.field({
    type: [SavedFilterType],
    access: 'session',
    description: "One's own saved filters of the list of servers, by name. Needs a session.",
    resolve: (_root, _args, context) => context.services.savedFilters.list(requireUser(context).user.id),
  }),
);

/** What is kept must be small, whatever the list itself would take. */
const kept = z.custom<FilterFields>(
  (filter) => JSON.stringify(filter).length <= 4_000,
  'must have at most 4,000 characters as JSON',
);

const SaveFilterInput = builder.inputType('SaveFilterInput', {
  fields: (t) => ({
    filter: t.field({
      type: ServerFilterInput,
      required: true,
      description: 'What to keep.',
      validate: kept,
    }),
    name: t.string({
      required: true,
      description: '1 to 60 characters. A filter of that name is replaced.',
      validate: nameText(60),
    }),
  }),
});

const DeleteSavedFilterInput = builder.inputType('DeleteSavedFilterInput', {
  fields: (t) => ({ filterId: t.id({ required: true, description: 'The saved filter, by its id.' }) }),
});

const SaveFilterPayload = builder
  .objectRef<{ readonly savedFilter: SavedFilter }>('SaveFilterPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({
      savedFilter: t.field({
        type: SavedFilterType,
        description: 'As it is now.',
        resolve: ({ savedFilter }) => savedFilter,
      }),
    }),
  });

const DeleteSavedFilterPayload = builder
  .objectRef<{ readonly deletedFilterId: string }>('DeleteSavedFilterPayload')
  .implement({
    access: 'inherited',
    fields: (t) => ({ deletedFilterId: t.exposeID('deletedFilterId', { description: 'What is gone.' }) }),
  });

builder.mutationFields((t) => ({
  saveFilter: t.field({
    type: SaveFilterPayload,
    access: 'session',
    description: 'Keeps a filter of the list of servers under a name. Needs a session.',
    args: { input: t.arg({ type: SaveFilterInput, required: true }) },
    resolve: async (_root, { input }, context) => ({
      savedFilter: await context.services.savedFilters.save(requireUser(context), input, context.address),
    }),
  }),
  deleteSavedFilter: t.field({
    type: DeleteSavedFilterPayload,
    access: 'session',
    description: "Deletes one of one's own saved filters. Needs a session.",
    args: { input: t.arg({ type: DeleteSavedFilterInput, required: true }) },
    resolve: async (_root, { input: { filterId } }, context) => {
      await context.services.savedFilters.delete(requireUser(context), filterId, context.address);
      return { deletedFilterId: filterId };
    },
  }),
}));
