import pg from 'pg';

/** Of the schema that tables lie in unless they say otherwise; restored to wherever that is over there. */
const ownSchema = null;

export interface Table {
  readonly schema: string | null;
  readonly name: string;
  /** Those that hold values of their own; generated ones make themselves. */
  readonly columns: readonly string[];
}

/** A piece of a partitioned table, which was made at run time and by no migration. */
export interface Partition {
  readonly schema: string | null;
  readonly name: string;
  readonly parent: string;
  /** `FOR VALUES FROM (…) TO (…)` */
  readonly bounds: string;
}

export interface Sequence {
  readonly schema: string | null;
  readonly name: string;
  /** Decimal; absent while nothing was taken from it. */
  readonly last: string | null;
}

/** Prisma's own, which says what the rest looks like. */
export const migrationsTable = '_prisma_migrations';

/** Ours and nobody else's: not the system's, an extension's, or those of a neighbour in a shared database. */
const isOurs = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND pg_has_role(c.relowner, 'USAGE')
  AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

const schemaOf = `NULLIF(n.nspname, current_schema())::text AS schema`;

/** Every table there is, whatever it is for: one that is added next year is in the next backup. */
export async function listTables(client: pg.ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT ${schemaOf}, c.relname::text AS name, ARRAY(
       SELECT a.attname::text FROM pg_attribute a
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ${isOurs}
     ORDER BY 1 NULLS FIRST, 2`,
  );
  return rows;
}

/** @returns parents before their children */
export async function listPartitions(client: pg.ClientBase): Promise<Partition[]> {
  const { rows } = await client.query<Partition>(
    `SELECT ${schemaOf}, c.relname::text AS name, parent.relname::text AS parent,
       pg_get_expr(c.relpartbound, c.oid) AS bounds
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_class parent ON parent.oid = i.inhparent
     WHERE c.relkind IN ('r', 'p') AND c.relispartition AND ${isOurs}
     ORDER BY c.oid`,
  );
  return rows;
}

export async function listSequences(client: pg.ClientBase): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>(
    `SELECT ${schemaOf}, c.relname::text AS name, pg_sequence_last_value(c.oid)::text AS last
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND ${isOurs} ORDER BY 1 NULLS FIRST, 2`,
  );
  return rows;
}

/** For SQL: every part of it in quotes. */
export function quoted({ schema, name }: { readonly schema: string | null; readonly name: string }): string {
  const own = pg.escapeIdentifier(name);
  return schema === ownSchema ? own : `${pg.escapeIdentifier(schema)}.${own}`;
}

/** How values are written as text, the same whatever the session or the server would do by itself. */
export const textFormat = `SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TIME ZONE 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET client_encoding = 'UTF8'; SET statement_timeout = 0`;
