import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';

export interface PostgresCommand {
  readonly binaries: Binaries;
  readonly program: 'initdb' | 'postgres';
  /** The cluster directory, given to the program as `-D`. */
  readonly cluster: string;
  readonly account: Account | undefined;
  readonly args: readonly string[];
  /** File descriptor for both outputs. */
  readonly output: number;
}

/**
 * Starts one of PostgreSQL's programs in a session of its own, so that Ctrl-C at the terminal reaches us alone.
 *
 * Run by root, the program must reach a data directory that may lie below /root, where its account may not look. It
 * is handed the directory as an open descriptor instead: /proc/self/fd/3 leads there without a walk through the
 * parents, and everything PostgreSQL opens later is relative to it. Nothing of our environment is passed on: it
 * may hold passwords.
 */
export function spawnPostgres(command: PostgresCommand): ChildProcess {
  const { binaries, cluster, account, output } = command;
  const byDescriptor = account !== undefined && process.platform === 'linux';
  const directory = byDescriptor ? openSync(cluster, constants.O_RDONLY | constants.O_DIRECTORY) : undefined;
  try {
    return spawn(
      binaries[command.program],
      ['-D', byDescriptor ? '/proc/self/fd/3' : cluster, ...command.args],
      {
        ...account,
        cwd: '/',
        // PGDATA only tells people who look at the process whose it is; -D decides.
        env: {
          PGDATA: cluster,
          PATH: '/usr/bin:/bin',
          LD_LIBRARY_PATH: binaries.libraries,
          LC_ALL: 'C',
          TZ: 'UTC',
        },
        stdio: ['ignore', output, output, ...(directory === undefined ? [] : [directory])],
        detached: true,
      },
    );
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}
