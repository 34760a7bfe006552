import { createHash } from 'node:crypto';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentAccount } from './account.ts';

/** Where the agent of this machine has what other programs read: by paths that hold for the engine and for Compose. */
export interface StackPlaces {
  /** Of the stacks, a folder for each. */
  readonly folder: string;
  /** Of what Compose and Git read in passing. */
  readonly scratch: string;
}

/**
 * Where root runs us. Its agent has an account that may not walk through the data directory, and what it is lent of it, it
 * cannot lend on.
 */
const ofRoot = '/var/lib/serverkit-stacks';

interface Where {
  readonly dataDir: string;
  /** Chosen by who runs us. */
  readonly stacksDir: string | undefined;
  /** Of the agent's state. */
  readonly directory: string;
  /** Undefined where the agent runs as we do. */
  readonly account: AgentAccount | undefined;
}

/** Makes the folders, the agent's own. Several control planes of one machine may share the first of them. */
export async function stackPlaces({ dataDir, stacksDir, directory, account }: Where): Promise<StackPlaces> {
  if (!account) {
    const folder = stacksDir ?? join(directory, 'stacks');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { folder, scratch: directory };
  }
  const folder = stacksDir ?? ofRoot;
  const scratch = join(folder, `.agent-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  for (const one of [folder, scratch]) {
    await mkdir(one, { recursive: true, mode: 0o700 });
    await chown(one, account.uid, account.gid);
  }
  return { folder, scratch };
}
