import type { Rights } from '../access/rights.ts';
import { storableText } from '../database/storable.ts';
import { connections, statusRank, type Status } from './view.ts';

export interface ServerFilter {
  readonly groupId?: string | null | undefined;
  readonly text?: string | null | undefined;
  readonly statuses?: readonly Status[] | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
}

export type SortField = 'NAME' | 'STATUS' | 'CPU' | 'MEMORY' | 'LAST_SEEN' | 'CREATED_AT';

export interface ServerSort {
  readonly field: SortField;
  readonly direction: 'ASC' | 'DESC';
}

/** The newest numbers of a server, 0–100 %. */
export interface Load {
  readonly serverId: string;
  readonly cpuPercent: number;
  readonly memoryPercent: number;
}

/** The values of a statement, in the order of their placeholders. */
export class Values {
  readonly list: unknown[] = [];

  /** @returns the placeholder */
  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

/** By which names are ordered: web-9 comes before web-10. There is an index for it. */
export const nameKey = `s."nameKey"`;

const known = connections
  .filter((one) => one !== 'error')
  .map((one) => `'${one}'`)
  .join(', ');
/** The same as statusOf. */
const status = `CASE WHEN s."connection" NOT IN (${known}) THEN 'error'
  WHEN s."maintenance" THEN 'maintenance' ELSE s."connection" END`;
const ranks = Object.entries(statusRank).map(([name, rank]) => `WHEN '${name}' THEN ${rank}`);

/** Everything that is searched, in one text. */
const searched = `server_fold(concat_ws(E'\\n', s."name", s."description", array_to_string(s."tags", E'\\n'),
  s."facts"->>'hostname', CASE WHEN jsonb_typeof(s."facts"->'addresses') = 'array'
  THEN (SELECT string_agg(a, E'\\n') FROM jsonb_array_elements_text(s."facts"->'addresses') a) END))`;

/** A group and the groups in it. */
const groupsIn = (group: string): string => `WITH RECURSIVE inside AS (
  SELECT "id" FROM "ServerGroup" WHERE "id" = ${group}
  UNION SELECT g."id" FROM "ServerGroup" g JOIN inside ON g."parentId" = inside."id") SELECT "id" FROM inside`;

/** What holds for a server `s` that is seen and fits; one at least. */
export function conditions(
  { groupId, text, statuses, tags }: ServerFilter,
  rights: Rights,
  values: Values,
): string[] {
  const seen = rights.serversWith('servers:read');
  return [
    seen ? `s."id" = ANY(${values.add([...seen])})` : 'true',
    ...(groupId ? [`s."groupId" IN (${groupsIn(values.add(storableText(groupId)))})`] : []),
    ...(statuses?.length ? [`${status} = ANY(${values.add(statuses)})`] : []),
    ...(tags?.length ? [`s."tags" @> ${values.add(tags.map(storableText))}::text[]`] : []),
    ...wordsOf(text ?? '').map((word) => `strpos(${searched}, server_fold(${values.add(word)})) > 0`),
  ];
}

function wordsOf(text: string): string[] {
  return storableText(text).split(/\s+/).filter(Boolean);
}

/** The number that servers are ordered by before their names; none when these are the order. */
export function keyOf(
  field: SortField,
  values: Values,
  loads: () => readonly Load[],
): { readonly key: string | undefined; readonly join: string } {
  switch (field) {
    case 'NAME':
      return { key: undefined, join: '' };
    case 'STATUS':
      return { key: `(CASE ${status} ${ranks.join(' ')} END)::float8`, join: '' };
    case 'LAST_SEEN':
      // Whose link is up is seen all the time; the database hears of it when the link ends.
      return {
        key: `(CASE WHEN s."connection" = 'online' THEN 1e18 ELSE ${milliseconds('lastSeenAt')} END)`,
        join: '',
      };
    case 'CREATED_AT':
      return { key: milliseconds('createdAt'), join: '' };
    case 'CPU':
      return loadKey(loads(), values, ({ cpuPercent }) => cpuPercent);
    case 'MEMORY':
      return loadKey(loads(), values, ({ memoryPercent }) => memoryPercent);
  }
}

const milliseconds = (column: string): string =>
  `coalesce(extract(epoch FROM s."${column}") * 1000, -1)::float8`;

/** These are in memory and not in the table. */
function loadKey(loads: readonly Load[], values: Values, percentOf: (load: Load) => number) {
  const [ids, percents] = [loads.map(({ serverId }) => serverId), loads.map(percentOf)];
  return {
    key: 'coalesce(load."percent", -1)',
    join: `LEFT JOIN unnest(${values.add(ids)}::text[], ${values.add(percents)}::float8[])
      AS load("serverId", "percent") ON load."serverId" = s."id"`,
  };
}
