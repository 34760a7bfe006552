import { builder } from '../builder.ts';
import { fewOf, searchText } from '../input-text.ts';
import { ServerStatusEnum } from './server-type.ts';

export const ServerFilterInput = builder.inputType('ServerFilter', {
  description: 'Which servers. All that is given must hold.',
  fields: (t) => ({
    groupId: t.id({ description: 'Those in this group or in one of the groups in it.' }),
    statuses: t.field({
      type: [ServerStatusEnum],
      description: 'In any of these states.',
      validate: fewOf(20),
    }),
    tags: t.stringList({
      description: 'Servers that carry every one of these, 20 at most.',
      validate: fewOf(20),
    }),
    text: t.string({
      description: 'Found in the name, description, hostname, address or a tag. At most 200 characters.',
      validate: searchText,
    }),
  }),
});
