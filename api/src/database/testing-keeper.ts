/** A process for tests to kill: opens the database of a directory and counts up in it for as long as it lives. */
import { join } from 'node:path';
import { openDatabase } from './database.ts';
import { openRunDirectory } from './run-directory.ts';
import { quiet, writeMigrations } from './testing.ts';

const dataDirectory = process.argv[2] ?? '';
const db = await openDatabase({
  url: undefined,
  dataDirectory,
  runDirectory: openRunDirectory(dataDirectory),
  log: quiet,
  migrations: writeMigrations(join(dataDirectory, '..', 'keeper-migrations'), {
    '0001_kept': 'CREATE TABLE kept (n int)',
  }),
  onUsurped: () => process.exit(1),
});
for (let n = 1; ; n++) {
  await db.pool.query('INSERT INTO kept VALUES ($1)', [n]);
  process.stdout.write(`acknowledged ${n}\n`);
}
