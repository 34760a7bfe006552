import type pg from 'pg';
import { bigintOf, incomingColumns, sampleColumns, type Columns } from './columns.ts';
import { withSession } from '../database/session.ts';

/**
 * Held (as PostgreSQL's transaction-level advisory lock) by whoever stores samples, and by the roll-up while it claims
 * minutes. Statements that store samples thus see each other's cursors, also those of a connection that broke before
 * its commit was answered.
 */
export const ingestLock = 7_309_834_216_052_114n;

/** How many epochs of a server are remembered, so that what they brought is not taken again. */
const rememberedEpochs = 64;

/** Longest that the statement, or waiting for the lock, may take; a database that is slower counts as away. */
const patience = '20s';

const incoming = incomingColumns.map(({ name }) => name).join(', ');
const parameters = incomingColumns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
const columns = sampleColumns.map(({ name }) => name).join(', ');
const firstShape = incomingColumns.length + 1;

/**
 * All or nothing: samples, the shapes they need, the cursors, and the minutes that are late for the roll-up.
 *
 * A row is taken when its link is the newest of its server, and it lies after the cursor: later in the same epoch, or in
 * an epoch that was not there before. Whatever is sent twice is thus dropped, whoever sends it.
 */
const statement = `
WITH incoming AS MATERIALIZED (
  SELECT * FROM unnest(${parameters}) WITH ORDINALITY AS incoming (${incoming}, position)
),
fresh AS MATERIALIZED (
  SELECT DISTINCT ON (server_number, epoch, seq) incoming.*
  FROM incoming
  JOIN "Server" server ON server.number = incoming.server_number AND server."linkEpoch" = incoming.link_epoch
  LEFT JOIN metrics.cursors known USING (server_number)
  WHERE known.epoch IS NULL
     OR (incoming.epoch = known.epoch AND incoming.seq > known.seq)
     OR (incoming.epoch <> known.epoch AND incoming.epoch <> ALL (known.past))
  ORDER BY server_number, incoming.epoch, incoming.seq, position
),
new_shapes AS (
  INSERT INTO metrics.shapes (server_number, hash, at, body)
  SELECT server_number, hash, date_bin('1 day', to_timestamp(day / 1000.0), 'epoch'), body
  FROM unnest($${firstShape}::int[], $${firstShape + 1}::bigint[], $${firstShape + 2}::bigint[], $${firstShape + 3}::text[])
    AS shape (server_number, hash, day, body)
  ON CONFLICT DO NOTHING
),
stored AS (
  INSERT INTO metrics.samples (${columns}) SELECT ${columns} FROM fresh ON CONFLICT DO NOTHING
  RETURNING server_number, at
),
late AS (
  INSERT INTO metrics.late_minutes (server_number, at)
  SELECT DISTINCT server_number, date_bin('1 minute', stored.at, 'epoch')
  FROM stored, metrics.rollup_state WHERE stored.at < rollup_state.claimed
  ON CONFLICT DO NOTHING
),
epochs AS (
  SELECT server_number, epoch, max(seq) AS seq, max(position) AS position
  FROM fresh GROUP BY server_number, epoch
),
newest AS (
  SELECT DISTINCT ON (server_number) server_number, epoch, seq,
    array_remove(array_agg(epoch) OVER (
      PARTITION BY server_number ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ), epoch) AS passed
  FROM epochs ORDER BY server_number, position DESC
),
moved AS (
  INSERT INTO metrics.cursors AS known (server_number, epoch, seq, past, updated_at)
  SELECT server_number, epoch, seq, passed, now() FROM newest
  ON CONFLICT (server_number) DO UPDATE SET
    epoch = excluded.epoch,
    seq = excluded.seq,
    updated_at = excluded.updated_at,
    past = CASE
      WHEN known.epoch = excluded.epoch AND excluded.past = '{}' THEN known.past
      ELSE (
        SELECT coalesce(array_agg(epoch ORDER BY place), '{}') FROM (
          SELECT epoch, max(place) AS place
          FROM unnest(known.past || known.epoch || excluded.past) WITH ORDINALITY AS earlier (epoch, place)
          WHERE epoch <> excluded.epoch GROUP BY epoch ORDER BY place DESC LIMIT ${rememberedEpochs}
        ) AS remembered
      )
    END
)
SELECT
  (SELECT count(*)::int FROM stored) AS stored,
  (
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('serverNumber', server_number, 'linkEpoch', link_epoch)), '[]')
    FROM incoming WHERE NOT EXISTS (
      SELECT FROM "Server" server
      WHERE server.number = incoming.server_number AND server."linkEpoch" = incoming.link_epoch
    )
  ) AS superseded`;

/** A shape that may not be in the database yet. */
export interface NewShape {
  readonly serverNumber: number;
  readonly hash: string;
  /** Any moment of the day it is for, ms since 1970. */
  readonly at: number;
  readonly body: string;
}

/** A link that is not the newest of its server any more, or whose server was deleted. */
export interface Superseded {
  readonly serverNumber: number;
  readonly linkEpoch: number;
}

export interface StoredResult {
  /** How many rows were new. */
  readonly stored: number;
  /** Links whose rows were dropped. */
  readonly superseded: readonly Superseded[];
}

/**
 * Stores rows in one transaction. Sending the same rows again changes nothing.
 * @param row - only this one of the rows
 * @throws whatever PostgreSQL says; then nothing was stored, or (a broken connection) it cannot be told
 */
export async function storeSamples(
  pool: pg.Pool,
  rows: Columns,
  shapes: readonly NewShape[],
  row?: number,
): Promise<StoredResult> {
  return withSession(pool, async (client) => {
    // One round trip. The limits end with the transaction.
    await client.query(
      `BEGIN; SET LOCAL statement_timeout = '${patience}'; SELECT pg_advisory_xact_lock(${ingestLock})`,
    );
    const { rows: results } = await client.query<StoredResult>({
      name: 'metrics-store-samples',
      text: statement,
      values: [
        ...rows.parameters(row),
        shapes.map(({ serverNumber }) => serverNumber),
        shapes.map(({ hash }) => bigintOf(hash)),
        shapes.map(({ at }) => at),
        shapes.map(({ body }) => body),
      ],
    });
    await client.query('COMMIT');
    return results[0] ?? { stored: 0, superseded: [] };
  });
}
