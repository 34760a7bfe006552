import pg from 'pg';
import { errorCode, errorText, StartupError } from '../startup-error.ts';

/** `server_version_num` of PostgreSQL 15. */
const oldest = 150_000;

const connectTimeout = 10_000;

/** Connections to the database that DATABASE_URL names. */
export function externalConnection(url: string): pg.ClientConfig {
  return { connectionString: url, connectionTimeoutMillis: connectTimeout, keepAlive: true };
}

/**
 * Checks that the database can be used at all.
 * @throws StartupError one sentence that names the server but never the password
 */
export async function checkExternal(url: string): Promise<void> {
  const place = describe(url);
  let client: pg.Client;
  let found: { readonly version: number; readonly encoding: string } | undefined;
  try {
    client = new pg.Client(externalConnection(url));
    client.on('error', () => {});
    await client.connect();
    try {
      const { rows } = await client.query<{ version: number; encoding: string }>(
        `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
      );
      found = rows[0];
    } finally {
      await client.end();
    }
  } catch (error) {
    throw new StartupError(`The database at ${place} ${complaint(error)}.`, { cause: error });
  }
  const { version = 0, encoding = '' } = found ?? {};
  if (version < oldest) {
    throw new StartupError(
      `The database at ${place} is PostgreSQL ${Math.floor(version / 10_000)}, but ServerKit needs PostgreSQL 15 or newer.`,
    );
  }
  if (encoding !== 'UTF8') {
    throw new StartupError(
      `The database at ${place} keeps text as ${encoding}, but ServerKit needs UTF8; create it with ENCODING 'UTF8'.`,
    );
  }
}

function describe(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  return `${searchParams.get('host') ?? (hostname || 'localhost')}:${port || '5432'}${pathname}`;
}

/** SQLSTATEs are those of PostgreSQL's appendix A. */
function complaint(error: unknown): string {
  const code = errorCode(error) ?? '';
  if (code === '28P01' || code.startsWith('28')) return 'refused the user or password of DATABASE_URL';
  if (code === '3D000') return 'does not exist; create it first';
  if (code === '53300') return 'has no connection left for ServerKit';
  if (code === '57P03') return 'is not ready yet; it is starting or stopping';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'cannot be reached: the host name is not known';
  if (code === 'ECONNREFUSED') return 'cannot be reached: nothing accepts connections there';
  const text = error instanceof AggregateError ? errorText(error.errors[0]) : errorText(error);
  return `cannot be reached: ${text.replace(/\.$/, '')}`;
}
