import type pg from 'pg';

/**
 * Lends one connection of the pool. One that failed is closed, and with it its transaction and locks.
 * @throws what `work` throws
 */
export async function withSession<Result>(
  pool: pg.Pool,
  work: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A connection that breaks between two statements says so by this event, and nowhere else; unheard, it ends the
  // process. The next statement fails anyway.
  const ignore = () => {};
  client.on('error', ignore);
  let failed = true;
  try {
    const result = await work(client);
    failed = false;
    return result;
  } finally {
    client.off('error', ignore);
    client.release(failed);
  }
}

/**
 * Runs work in a transaction. One that fails is left open: a connection that failed is not used again.
 * @param how - such as `ISOLATION LEVEL REPEATABLE READ READ ONLY`
 */
export async function transaction<Result>(
  client: pg.ClientBase,
  work: () => Promise<Result>,
  how = '',
): Promise<Result> {
  await client.query(`BEGIN ${how}`);
  const result = await work();
  await client.query('COMMIT');
  return result;
}
