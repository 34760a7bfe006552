import { builder } from '../builder.ts';
import { fewOf } from '../input-text.ts';
import type { BoundPlaces } from './bound-places.ts';

const ids = fewOf(1_000);

/** Which servers are to get something: an input of its own for each thing, as each is described for itself. */
export const boundPlacesInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      everywhere: t.boolean({
        required: true,
        defaultValue: false,
        description: 'Every server, those to come too.',
      }),
      groupIds: t.idList({
        required: true,
        defaultValue: [],
        description: 'Servers in these groups, and those below them, wherever servers move.',
        validate: ids,
      }),
      serverIds: t.idList({ required: true, defaultValue: [], description: 'These servers.', validate: ids }),
    }),
  });

/**
 * Tells of a type which servers get it, as far as they are seen by who asks.
 *
 * @param what - as it stands in a sentence: "its credentials"
 */
export function tellBoundPlaces<Shape extends { readonly places: BoundPlaces }>(
  type: ReturnType<ReturnType<typeof builder.objectRef<Shape>>['implement']>,
  what: string,
): void {
  builder.objectFields(type, (t) => ({
    everywhere: t.boolean({
      description: `Whether every server gets ${what}, those to come too.`,
      resolve: ({ places }) => places.everywhere,
    }),
    groupIds: t.idList({
      description: `The servers in these groups, and those below them, get ${what}. Only groups that you see.`,
      resolve: ({ places }) => [...places.groupIds],
    }),
    serverIds: t.idList({
      description: `These servers get ${what}. Only servers that you see.`,
      resolve: ({ places }) => [...places.serverIds],
    }),
  }));
}
