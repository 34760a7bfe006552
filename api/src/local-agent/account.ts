import { readFileSync, statSync } from 'node:fs';
import { StartupError } from '../startup-error.ts';

/** A numeric user and its only group. */
export interface AgentAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Root's own agent runs under a number that no account has: it serves what comes over a socket, and needs nothing of
 * root's. The range is one that systemd documents as unused (systemd.io/UIDS-GIDS); the database takes another part
 * of it.
 */
const firstUnused = 60_883;
const lastUnused = 60_983;

interface Surroundings {
  /** passwd(5) */
  readonly passwd: string;
  /** The group that may write to Docker's socket; undefined when there is none but root's. */
  readonly dockerGroup: number | undefined;
}

/**
 * The account that the agent on this machine runs as; undefined = our own, because we are not root and cannot change
 * it. Its group is the one of Docker's socket, which is the whole of its access to Docker (and as much as root's own:
 * what keeps the agent in bounds there is its policy, not its account).
 * @param directory - of the agent's state; keeps the owner it has
 */
export function agentAccount(
  directory: string,
  { passwd, dockerGroup }: Surroundings = surroundings(),
): AgentAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(directory, { throwIfNoEntry: false })?.uid;
  const uid = owner ? owner : unusedId(passwd);
  return { uid, gid: dockerGroup ?? uid };
}

function unusedId(passwd: string): number {
  const taken = new Set(passwd.split('\n').map((line) => Number(line.split(':')[2])));
  for (let id = firstUnused; id <= lastUnused; id++) if (!taken.has(id)) return id;
  throw new StartupError(
    `Every user id from ${firstUnused} to ${lastUnused} is taken, so none is left for the agent on this machine; run ServerKit as an ordinary user or set SERVERKIT_LOCAL_AGENT=off.`,
  );
}

function surroundings(): Surroundings {
  return { passwd: readOr('/etc/passwd', ''), dockerGroup: groupOfDocker() };
}

/** Docker may be installed, or its socket given to another group, while we run: asked before every start. */
export function groupOfDocker(socket = '/var/run/docker.sock'): number | undefined {
  const stats = statSync(socket, { throwIfNoEntry: false });
  const groupMayWrite = stats !== undefined && (stats.mode & 0o020) !== 0;
  return groupMayWrite && stats.gid !== 0 ? stats.gid : undefined;
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
