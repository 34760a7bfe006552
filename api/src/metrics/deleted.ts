import type pg from 'pg';
import { shapes, tiers } from './tiers.ts';

/** Deleted servers whose rows are taken away in one go. */
const atOnce = 10;

/** Takes away what is kept of servers that are not there any more. Their numbers are never given out again. */
export async function purgeDeleted(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ server_number: number }>(
    `SELECT server_number FROM metrics.cursors
     WHERE NOT EXISTS (SELECT FROM "Server" WHERE number = server_number) LIMIT $1`,
    [atOnce],
  );
  if (rows.length === 0) return 0;
  const numbers = rows.map(({ server_number }) => server_number);
  for (const table of [...tiers.map((tier) => tier.table), shapes.table, 'late_minutes']) {
    await pool.query(`DELETE FROM metrics.${table} WHERE server_number = ANY ($1)`, [numbers]);
  }
  // Last, because it is how they are found: what is interrupted starts over.
  await pool.query('DELETE FROM metrics.cursors WHERE server_number = ANY ($1)', [numbers]);
  return rows.length;
}
