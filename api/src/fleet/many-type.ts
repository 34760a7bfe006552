import * as z from 'zod';
import { builder } from '../builder.ts';
import type { RequestContext } from '../context.ts';
import { inputInvalid } from '../errors.ts';
import { requireOn } from '../graphql/refusals.ts';
import { ServerFilterInput } from '../servers/filter-type.ts';

/** Servers of one job. */
const mostServers = 200;

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields'] & object>[0];

export const selectionFields = (t: InputFields) => ({
  filter: t.field({
    type: ServerFilterInput,
    description: `Those that fit and are seen, by a tag or a group say, ${mostServers} at most; instead of serverIds.`,
  }),
  serverIds: t.idList({
    description: `1 to ${mostServers} servers, by id, in the order in which to go; instead of a filter.`,
    validate: z.array(z.string().max(100)).min(1, 'must name at least one').max(mostServers),
  }),
});

const FleetFailure = builder.enumType('FleetFailure', {
  description: 'What to do about the other servers once it failed on one.',
  values: {
    CONTINUE: { description: 'Go on with them.' },
    STOP: { description: 'Begin on no more of them; what runs is let finish.' },
  } as const,
});

/** How to go through many servers. @param defaults - what fits the work */
export const paceFields = (
  t: InputFields,
  defaults: { readonly parallel: number; readonly onFailure: 'STOP' | 'CONTINUE' },
) => ({
  onFailure: t.field({
    type: FleetFailure,
    required: true,
    defaultValue: defaults.onFailure,
    description: 'What to do about the rest once it failed on one.',
  }),
  parallel: t.int({
    required: true,
    defaultValue: defaults.parallel,
    description: 'On so many servers at once, 1 to 50.',
    validate: z.number().int().min(1).max(50),
  }),
});

interface Selection {
  readonly serverIds?: readonly string[] | null | undefined;
  readonly filter?: typeof ServerFilterInput.$inferInput | null | undefined;
}

/**
 * The servers that are meant, each once; all of them are seen.
 * @throws ServerKitError INPUT_INVALID, NOT_FOUND
 */
export async function chosenServers(
  { serverIds, filter }: Selection,
  context: RequestContext,
  field: string,
): Promise<string[]> {
  if (serverIds && !filter) {
    const ids = [...new Set(serverIds)];
    for (const where of ids) requireOn(context, { access: 'servers:read', where }, field);
    const known = await context.db.prisma.server.count({ where: { id: { in: ids } } });
    if (known < ids.length) throw inputInvalid('input.serverIds', 'One of these servers does not exist.');
    return ids;
  }
  if (!filter || serverIds) throw inputInvalid('input', 'Give serverIds or a filter, and not both.');
  if (saysNothing(filter)) throw inputInvalid('input.filter', 'It says nothing, and so fits everything.');
  const found = await context.services.servers.select(filter, context.principal.rights, mostServers + 1);
  if (found.length === 0) throw inputInvalid('input.filter', 'It fits no server.');
  if (found.length > mostServers) {
    throw inputInvalid('input.filter', `It fits more than ${mostServers} servers. Narrow it.`);
  }
  return found;
}

function saysNothing(filter: object): boolean {
  return Object.values(filter).every((value) => {
    // Words are looked for, and blanks are none.
    if (typeof value === 'string') return value.trim() === '';
    return Array.isArray(value) ? value.length === 0 : value == null;
  });
}
