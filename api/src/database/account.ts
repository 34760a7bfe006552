import { readFileSync, statSync } from 'node:fs';
import { StartupError } from '../startup-error.ts';

/** A numeric user and its own group. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root lends it a number that no account has: sharing `postgres` or `nobody`
 * would open our files to whatever else runs under that name. The range is one that systemd documents as unused
 * (systemd.io/UIDS-GIDS) and that a container with 65,536 ids still maps.
 */
const firstUnused = 61_083;
const lastUnused = 61_183;

/**
 * The account the database runs as; undefined = our own, because we are not root.
 * @param directory - keeps the owner it has, so that a moved data directory goes on working
 */
export function databaseAccount(directory: string, passwd = readPasswd()): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(directory, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const taken = new Set(passwd.map((account) => account.uid));
  for (let id = firstUnused; id <= lastUnused; id++) if (!taken.has(id)) return { uid: id, gid: id };
  throw new StartupError(
    `Every user id from ${firstUnused} to ${lastUnused} is taken, so none is left for the database; run ServerKit as an ordinary user or set DATABASE_URL.`,
  );
}

/**
 * An account with a name, which initdb insists on (it looks itself up) although the server does not.
 * @throws StartupError when the machine has none but root
 */
export function namedAccount(passwd = readPasswd()): Account {
  const account = passwd.find(({ name }) => name === 'nobody') ?? passwd.find(({ uid }) => uid !== 0);
  if (account) return account;
  throw new StartupError(
    'This machine has no account but root, and PostgreSQL does not run as root; add a user "nobody" or set DATABASE_URL.',
  );
}

interface NamedAccount extends Account {
  readonly name: string;
}

/** passwd(5) */
function readPasswd(): readonly NamedAccount[] {
  let text: string;
  try {
    text = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}
