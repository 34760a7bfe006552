import { mkdirSync } from 'node:fs';
import pg from 'pg';
import type { Logger } from 'pino';
import { openEmbedded } from '../database/embedded.ts';
import { checkExternal, externalConnection } from '../database/external.ts';
import { Guard } from '../database/guard.ts';
import { openRunDirectory, removeRunDirectory } from '../database/run-directory.ts';
import { ArchiveError } from './archive/error.ts';
import { listTables, migrationsTable, quoted } from './tables.ts';

/** The database that a restore fills. */
export interface Target extends AsyncDisposable {
  readonly client: pg.ClientBase;
  /** Empties it, in the transaction that fills it; where the files are new it is empty. */
  clear(): Promise<void>;
}

/** A database of its own in a directory where none was. */
export async function stagedDatabase(directory: string, log: Logger): Promise<Target> {
  await using opened = new AsyncDisposableStack();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const runDirectory = openRunDirectory(directory);
  opened.defer(() => removeRunDirectory(runDirectory));
  const server = await openEmbedded(directory, runDirectory, log);
  opened.defer(() => server.stop());
  await server.ensureRunning();
  const client = await connect(server.connection, opened);
  const owned = opened.move();
  return { client, clear: () => Promise.resolve(), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/**
 * The one that DATABASE_URL names, held against a ServerKit that would start on it.
 * @throws StartupError when it cannot be used; when it holds something, unless that may be replaced
 */
export async function externalDatabase(url: string, replace: boolean, log: Logger): Promise<Target> {
  await using opened = new AsyncDisposableStack();
  await checkExternal(url);
  const guard = await Guard.take({
    connect: async () => {
      const client = new pg.Client(externalConnection(url));
      client.on('error', () => {});
      await client.connect();
      return client;
    },
    log,
    onUsurped: () => {},
  });
  opened.defer(() => guard.release());
  const client = await connect(externalConnection(url), opened);
  const isOurs = await refuseOccupied(client, replace);
  const owned = opened.move();
  return {
    client,
    async clear() {
      if (isOurs) await dropAll(client);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function connect(connection: pg.ClientConfig, opened: AsyncDisposableStack): Promise<pg.Client> {
  const client = new pg.Client({ ...connection, application_name: 'serverkit-restore' });
  client.on('error', () => {});
  await client.connect();
  opened.defer(() => client.end());
  return client;
}

/** @returns whether there is a ServerKit to replace */
async function refuseOccupied(client: pg.ClientBase, replace: boolean): Promise<boolean> {
  const own = (await listTables(client)).filter(({ schema }) => schema === null);
  const isOurs = own.some(({ name }) => name === migrationsTable);
  if (own.length > 0 && !isOurs) {
    throw new ArchiveError(
      'The database that DATABASE_URL names holds tables that are not from ServerKit; restore into an empty one.',
    );
  }
  if (isOurs && !replace) {
    throw new ArchiveError(
      'The database that DATABASE_URL names holds a ServerKit already; restore into an empty one, or add --replace to lose what is in it.',
    );
  }
  return isOurs;
}

/** The schemas beside our own are made by migrations, with everything in them; our own may be another's home too. */
async function dropAll(client: pg.ClientBase): Promise<void> {
  const tables = await listTables(client);
  const schemas = new Set(tables.flatMap(({ schema }) => schema ?? []));
  for (const schema of schemas) await client.query(`DROP SCHEMA ${pg.escapeIdentifier(schema)} CASCADE`);
  const own = tables.filter(({ schema }) => schema === null);
  await client.query(`DROP TABLE ${own.map(quoted).join(', ')} CASCADE`);
  const { rows } = await client.query<{ drop: string }>(
    `SELECT 'DROP ROUTINE IF EXISTS ' || oid::regprocedure AS drop FROM pg_proc p
     WHERE pronamespace = current_schema()::regnamespace AND pg_has_role(proowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
     UNION ALL
     SELECT 'DROP TYPE IF EXISTS ' || oid::regtype FROM pg_type t
     WHERE typnamespace = current_schema()::regnamespace AND pg_has_role(typowner, 'USAGE') AND typtype IN ('e', 'd')
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')`,
  );
  // One may have taken another with it.
  for (const { drop } of rows) await client.query(`${drop} CASCADE`);
}
