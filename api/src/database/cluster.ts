import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode, errorText, StartupError } from '../startup-error.ts';
import { type Account, databaseAccount, namedAccount } from './account.ts';
import type { Binaries } from './binaries.ts';
import { spawnPostgres } from './postgres-process.ts';

/** The superuser of an embedded cluster, and its only role. */
export const clusterUser = 'serverkit';

export interface Cluster {
  /** `pg/<major>` in the data directory. */
  readonly directory: string;
  readonly account: Account | undefined;
}

/**
 * The database files under `<data>/pg/<major>`, made on the first run.
 * @throws StartupError when they belong to another major version, whose files this one cannot read, or when they
 *   cannot be made
 */
export async function openCluster(dataDirectory: string, binaries: Binaries): Promise<Cluster> {
  const parent = join(dataDirectory, 'pg');
  const directory = join(parent, String(binaries.major));
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    refuseOtherMajor(parent, directory, binaries.major);
    const account = databaseAccount(directory);
    if (!existsSync(directory)) await initialise(directory, binaries, account);
    else if (account && statSync(directory).uid !== account.uid) giveTo(account, directory);
    chmodSync(directory, 0o700);
    return { directory, account };
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(
      `The database in ${parent} cannot be opened (${errorCode(error) ?? errorText(error)}).`,
      {
        cause: error,
      },
    );
  }
}

function refuseOtherMajor(parent: string, directory: string, major: number): void {
  const found = existsSync(join(directory, 'PG_VERSION'))
    ? Number(readFileSync(join(directory, 'PG_VERSION'), 'utf8'))
    : readdirSync(parent).map(Number).find(Number.isInteger);
  if (found === undefined || found === major) return;
  throw new StartupError(
    `The database in ${parent} was made by PostgreSQL ${found}, but this release of ServerKit runs PostgreSQL ${major}; start the release that made it, or set SERVERKIT_DATA_DIR to a new directory.`,
  );
}

/** Under a temporary name first: a machine that loses power half-way must find all of it or nothing. */
async function initialise(
  directory: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<void> {
  const half = `${directory}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  const maker = account && namedAccount();
  if (maker) lchownSync(half, maker.uid, maker.gid);
  const logFile = openSync(join(directory, '..', 'initdb.log'), 'w+', 0o600);
  try {
    const child = spawnPostgres({
      binaries,
      program: 'initdb',
      cluster: half,
      account: maker,
      args: [
        `--username=${clusterUser}`,
        '--auth-local=trust',
        '--auth-host=reject',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
      ],
      output: logFile,
    });
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
    if (code !== 0)
      throw new StartupError(`The database could not be made: ${lastComplaint(readAll(logFile))}.`);
  } finally {
    closeSync(logFile);
  }
  if (account) giveTo(account, half);
  renameSync(half, directory);
}

/** The directory itself goes last: its owner tells that the rest is done. */
function giveTo(account: Account, directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(directory, name), account.uid, account.gid);
  }
  lchownSync(directory, account.uid, account.gid);
}

function readAll(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  return bytes.toString();
}

/** The line of PostgreSQL's output that tells the reason, without its timestamp and severity. */
export function lastComplaint(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const line =
    lines.findLast((one) => /\b(FATAL|PANIC|error):/i.test(one)) ?? lines.findLast((one) => one !== '');
  return (line ?? 'it said nothing').replace(/^.*?\b(FATAL|PANIC|error):\s*/i, '').replace(/\.$/, '');
}
