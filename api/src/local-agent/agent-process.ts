import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { agentEntry } from '../install/service.ts';
import type { AgentAccount } from './account.ts';

/** Where the agent's own files are, as the agent itself sees them. */
export interface AgentView {
  /** Of its state, with its key. */
  readonly directory: string;
  readonly node: string;
  readonly entry: string;
}

export interface AgentPlaces {
  /** The agent's state directory. */
  readonly directory: string;
  /** Of the built agent. */
  readonly dist: string;
  /** The Node binary. */
  readonly node: string;
}

/** What root's agent finds its files by: see {@link spawnAgent}. */
const lent: AgentView = {
  directory: '/proc/self/fd/4',
  entry: `/proc/self/fd/5/${agentEntry}`,
  node: '/proc/self/fd/6',
};

export function viewOf(places: AgentPlaces, account: AgentAccount | undefined): AgentView {
  if (lendsDescriptors(account)) return lent;
  return { directory: places.directory, node: places.node, entry: join(places.dist, agentEntry) };
}

const lendsDescriptors = (account: AgentAccount | undefined): account is AgentAccount =>
  account !== undefined && process.platform === 'linux';

/**
 * Starts the agent as a process of its own, in a session of its own, so that Ctrl-C at the terminal reaches us alone.
 *
 * Run by root, it gets another account, which may not walk through the data directory or a checkout below /root. What it
 * needs is handed to it as open descriptors, which lead there without a walk through the parents, and to nothing else.
 * Nothing of our environment is passed on: it may hold passwords.
 *
 * Descriptor 3 is the line to us: it brings what the agent must know, the registration token among it, and its end tells
 * the agent that we are gone.
 */
export function spawnAgent(
  places: AgentPlaces,
  account: AgentAccount | undefined,
): { readonly child: ChildProcess; readonly line: Writable } {
  const view = viewOf(places, account);
  const folder = constants.O_RDONLY | constants.O_DIRECTORY;
  const descriptors: number[] = [];
  try {
    if (lendsDescriptors(account)) {
      descriptors.push(openSync(places.directory, folder));
      descriptors.push(openSync(places.dist, folder));
      descriptors.push(openSync(places.node, 'r'));
    }
    const child = spawn(
      view.node,
      [
        ...(descriptors.length > 0 ? ['--preserve-symlinks', '--preserve-symlinks-main'] : []),
        view.entry,
        'start',
        '--parent',
      ],
      {
        ...account,
        cwd: '/',
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: view.directory, LANG: 'C.UTF-8', ...timeZone() },
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...descriptors],
        detached: true,
      },
    );
    const line = child.stdio[3];
    if (!line || !('write' in line)) throw new Error('the agent was started without its line to us');
    line.on('error', () => undefined); // It may end before it reads.
    return { child, line };
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function timeZone(): { TZ?: string } {
  const zone = process.env['TZ'];
  return zone === undefined ? {} : { TZ: zone };
}
