import { builder } from '../builder.ts';
import type { Group } from './service.ts';

const colours = {
  GREY: { description: 'Grey.' },
  RED: { description: 'Red.' },
  ORANGE: { description: 'Orange.' },
  YELLOW: { description: 'Yellow.' },
  GREEN: { description: 'Green.' },
  TEAL: { description: 'Blue-green.' },
  BLUE: { description: 'Blue.' },
  INDIGO: { description: 'Between blue and purple.' },
  PURPLE: { description: 'Purple.' },
  PINK: { description: 'Pink.' },
} as const;

function colourOf(stored: string): keyof typeof colours {
  return isColour(stored) ? stored : 'GREY';
}

function isColour(text: string): text is keyof typeof colours {
  return Object.hasOwn(colours, text);
}

export const GroupColour = builder.enumType('GroupColour', {
  description: 'The colour a group is shown in.',
  values: colours,
});

export const GroupType = builder.objectRef<Group>('ServerGroup').implement({
  access: 'inherited',
  description: 'Servers that belong together. Groups may lie in groups.',
  fields: (t) => ({
    colour: t.field({
      type: GroupColour,
      description: 'The colour it is shown in.',
      resolve: ({ colour }) => colourOf(colour),
    }),
    icon: t.exposeString('icon', { description: 'The name of the icon it is shown with.' }),
    id: t.exposeID('id', { description: 'Opaque, grp_….' }),
    name: t.exposeString('name', { description: 'Unlike that of every group beside it.' }),
    parentId: t.exposeID('parentId', { nullable: true, description: 'The group it lies in, if any.' }),
    position: t.exposeInt('position', { description: 'Where it stands among the groups beside it.' }),
    serverCount: t.exposeInt('serverCount', {
      description: 'Servers in it and in the groups in it, as far as they are seen.',
    }),
  }),
});
