import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@serverkit/prisma/generated/client/client.ts';
import pg from 'pg';
import type { Logger } from 'pino';
import type { StartupError } from '../startup-error.ts';
import { openEmbedded, type EmbeddedServer } from './embedded.ts';
import { checkExternal, externalConnection } from './external.ts';
import { Guard } from './guard.ts';
import { migrate } from './migrations.ts';

/** The one database of the process, embedded or given by DATABASE_URL. */
export interface Database {
  readonly prisma: PrismaClient;
  /** The same connections, for SQL that Prisma has no words for (metrics). Sessions run in UTC. */
  readonly pool: pg.Pool;
  readonly kind: 'embedded' | 'external';
  /** Where the files lie, for free-space checks; undefined for an external database. */
  readonly directory: string | undefined;
  /** Whether it answers now and this process still holds its place in it; takes 2 s at most. */
  healthy(): Promise<boolean>;
  /** Ends the connections and, if it is ours, the server. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** undefined = embedded */
  readonly url: string | undefined;
  /** Locked by the caller. */
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly log: Logger;
  /** The database was taken over by another ServerKit: end the process. */
  readonly onUsurped: (error: StartupError) => void;
  /** @default the migrations of this release */
  readonly migrations?: string;
}

/** Leaves room below the embedded server's 40 for the guard, adoption checks and a person with psql. */
const poolSize = 20;

const healthTimeout = 2_000;

/**
 * Opens the database and brings it to this release.
 * @throws StartupError one sentence on why it cannot be used
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, log } = options;
  let server: EmbeddedServer | undefined;
  let guard: Guard | undefined;
  try {
    if (url === undefined) {
      server = await openEmbedded(options.dataDirectory, options.runDirectory, log);
      const how = await server.ensureRunning();
      if (how === 'adopted') log.info('took over the database of a ServerKit that was killed');
    } else {
      await checkExternal(url);
    }
    const connection = server ? server.connection : externalConnection(url ?? '');
    const connect = async () => {
      await server?.ensureRunning();
      return openClient(connection);
    };
    guard = await Guard.take({ connect, log, onUsurped: options.onUsurped });
    await migrateWith(connect, log, options.migrations);
    return assemble(connection, guard, server, log);
  } catch (error) {
    await guard?.release();
    await server?.stop();
    throw error;
  }
}

function assemble(
  connection: pg.ClientConfig,
  guard: Guard,
  server: EmbeddedServer | undefined,
  log: Logger,
): Database {
  const pool = new pg.Pool({
    ...connection,
    max: poolSize,
    application_name: 'serverkit',
    connectionTimeoutMillis: 10_000,
    // @prisma/adapter-pg drops the offset of a timestamp as text, so every session must speak UTC.
    // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool awaits it, which its types do not say
    onConnect: async (client) => void (await client.query(`SET TIME ZONE 'UTC'`)),
  });
  pool.on('error', (error) => log.debug({ err: error }, 'an idle database connection was lost'));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    prisma,
    pool,
    kind: server ? 'embedded' : 'external',
    directory: server?.directory,
    healthy: async () => guard.held && (await answers(pool)),
    async close() {
      await prisma.$disconnect();
      await pool.end();
      await guard.release();
      await server?.stop();
    },
  };
}

async function migrateWith(
  connect: () => Promise<pg.Client>,
  log: Logger,
  directory: string | undefined,
): Promise<void> {
  const client = await connect();
  try {
    const applied = await migrate(client, directory);
    if (applied.length > 0) log.info({ migrations: applied }, 'the database was brought to this release');
  } finally {
    await client.end();
  }
}

async function openClient(connection: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...connection, application_name: 'serverkit-guard' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function answers(pool: pg.Pool): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), healthTimeout);
  try {
    return await Promise.race([
      pool.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      late.promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
