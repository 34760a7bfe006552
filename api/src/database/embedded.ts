import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fstatSync,
  lchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { StartupError } from '../startup-error.ts';
import { locateBinaries, type Binaries } from './binaries.ts';
import { clusterUser, lastComplaint, openCluster, type Cluster } from './cluster.ts';
import { disownStale, hasEnded, readPostmasterFile, serves } from './postmaster-file.ts';
import { spawnPostgres } from './postgres-process.ts';

/** Names the socket file only; nothing listens on a network. */
export const embeddedPort = 5432;

/** A start that fails is tried again this long (ms): after a crash the old server may need a moment to die. */
const startPatience = 30_000;

/** A server that is alive but replaying its log is waited for this long (ms). */
const recoveryPatience = 10 * 60_000;

/** A clean stop may take this long (ms) before it is made an immediate one, which costs a recovery at next start. */
const stopPatience = 5_000;

const logLimitBytes = 8 * 1024 * 1024;

export interface EmbeddedServer {
  readonly connection: pg.ClientConfig;
  readonly directory: string;
  /**
   * Starts the server, or adopts the one that a killed ServerKit left behind; does nothing while it answers.
   * Called again whenever the connection is lost.
   */
  ensureRunning(): Promise<'started' | 'adopted'>;
  stop(): Promise<void>;
}

export async function openEmbedded(
  dataDirectory: string,
  runDirectory: string,
  log: Logger,
): Promise<EmbeddedServer> {
  const asRoot = process.getuid?.() === 0;
  const binaries = locateBinaries(asRoot, join(dataDirectory, 'cache'), log);
  const cluster = await openCluster(dataDirectory, binaries);
  const sockets = join(runDirectory, 'pg');
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  chmodSync(sockets, 0o700);
  if (cluster.account) lchownSync(sockets, cluster.account.uid, cluster.account.gid);
  return new Embedded(binaries, cluster, sockets, join(dataDirectory, 'pg', 'postgresql.log'), log);
}

class Embedded implements EmbeddedServer {
  readonly #binaries: Binaries;
  readonly #cluster: Cluster;
  readonly #sockets: string;
  readonly #logPath: string;
  readonly #log: Logger;
  #starting: Promise<'started' | 'adopted'> | undefined;
  #stopping = false;
  /** Of the server that last answered. */
  #pid: number | undefined;

  constructor(binaries: Binaries, cluster: Cluster, sockets: string, logPath: string, log: Logger) {
    this.#binaries = binaries;
    this.#cluster = cluster;
    this.#sockets = sockets;
    this.#logPath = logPath;
    this.#log = log;
  }

  get directory(): string {
    return this.#cluster.directory;
  }

  get connection(): pg.ClientConfig {
    return { host: this.#sockets, port: embeddedPort, user: clusterUser, database: 'postgres' };
  }

  ensureRunning(): Promise<'started' | 'adopted'> {
    this.#starting ??= this.#startOrAdopt().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#starting?.catch(() => {});
    await this.#shutDown();
  }

  async #startOrAdopt(): Promise<'started' | 'adopted'> {
    const deadline = Date.now() + startPatience;
    for (;;) {
      if (this.#stopping) throw new Error('the database is being stopped');
      if (await this.#adopt()) return 'adopted';
      if (disownStale(this.#cluster.directory, this.#sockets)) this.#log.warn('recovering the database');
      const failure = await this.#start();
      if (failure === undefined) return 'started';
      if (!mayPass(failure) || Date.now() > deadline) {
        throw new StartupError(`The database does not start: ${failure} (more in ${this.#logPath}).`);
      }
      await sleep(100);
    }
  }

  /** Whether our own cluster already answers, on the socket and in the version we would start it with. */
  async #adopt(): Promise<boolean> {
    const file = readPostmasterFile(this.#cluster.directory);
    if (!file) return false;
    const answer = await this.#ask(file.socketDirectory);
    if (answer?.system !== systemIdentifier(this.#cluster.directory)) return false;
    this.#pid = file.pid;
    if (file.socketDirectory === this.#sockets && answer.version === this.#binaries.version) return true;
    this.#log.info({ running: answer.version, installed: this.#binaries.version }, 'restarting the database');
    await this.#shutDown();
    return false;
  }

  async #ask(socketDirectory: string): Promise<{ system: string; version: string } | undefined> {
    const client = new pg.Client({
      ...this.connection,
      host: socketDirectory,
      connectionTimeoutMillis: 2_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ system: string; version: string }>(
        `SELECT system_identifier::text AS system, current_setting('server_version') AS version FROM pg_control_system()`,
      );
      return rows[0];
    } catch {
      return undefined;
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** @returns what PostgreSQL complained of, or undefined once it answers */
  async #start(): Promise<string | undefined> {
    const output = this.#openLog();
    const before = fstatSync(output).size;
    try {
      const child = spawnPostgres({
        binaries: this.#binaries,
        program: 'postgres',
        cluster: this.#cluster.directory,
        account: this.#cluster.account,
        args: this.#settings(),
        output,
      });
      child.unref();
      if (await this.#answers(child)) return undefined;
      return lastComplaint(readFrom(this.#logPath, before));
    } finally {
      closeSync(output);
    }
  }

  async #answers(child: ChildProcess): Promise<boolean> {
    let failed: Error | undefined;
    let ended = false;
    child.once('error', (error) => {
      failed = error;
    });
    child.once('exit', () => {
      ended = true;
    });
    const deadline = Date.now() + recoveryPatience;
    while (!ended && Date.now() < deadline) {
      if (failed)
        throw new StartupError(`The database does not start: ${failed.message}.`, { cause: failed });
      const file = readPostmasterFile(this.#cluster.directory);
      if (file?.pid === child.pid && file?.status === 'ready' && (await this.#ask(this.#sockets))) {
        this.#pid = child.pid;
        return true;
      }
      await sleep(10);
    }
    return false;
  }

  /**
   * Statements and their parameters stay out of the log: they may hold what users consider secret. 128 MB of shared
   * buffers is the least with which a day of metrics is read in one go.
   */
  #settings(): string[] {
    const settings = {
      listen_addresses: '',
      unix_socket_permissions: '0700',
      max_connections: '40',
      shared_buffers: '128MB',
      max_wal_size: '512MB',
      timezone: 'UTC',
      log_timezone: 'UTC',
      logging_collector: 'off',
      log_checkpoints: 'off',
      log_min_error_statement: 'panic',
      log_parameter_max_length_on_error: '0',
      max_logical_replication_workers: '0',
    };
    return [
      '-p',
      String(embeddedPort),
      '-k',
      this.#sockets,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
  }

  #openLog(): number {
    const size = statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0;
    if (size > logLimitBytes) renameSync(this.#logPath, `${this.#logPath}.1`);
    return openSync(this.#logPath, 'a', 0o600);
  }

  /** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one. */
  async #shutDown(): Promise<void> {
    const file = readPostmasterFile(this.#cluster.directory);
    // Where the system cannot say whose the number is, only a server that answered us is ours to end.
    if (!file || !(serves(file.pid, this.#cluster.directory) ?? file.pid === this.#pid)) return;
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      if (!kill(file.pid, signal)) return;
      const deadline = Date.now() + stopPatience;
      while (!hasEnded(file.pid) && Date.now() < deadline) await sleep(5);
      if (hasEnded(file.pid)) return;
      this.#log.warn('the database did not stop in time; stopping it at once');
    }
  }
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Reasons that time takes away: the predecessor, or one of its backends, is still dying. */
function mayPass(complaint: string): boolean {
  return /lock file .* already exists|shared memory block .* still in use|could not bind|Address already in use/i.test(
    complaint,
  );
}

/** The first field of `pg_control` (pg_control.h), little-endian on every platform we ship for. */
function systemIdentifier(cluster: string): string {
  return readFileSync(join(cluster, 'global', 'pg_control'))
    .readBigUInt64LE(0)
    .toString();
}

function readFrom(path: string, offset: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - offset));
    readSync(file, bytes, 0, bytes.length, offset);
    return bytes.toString();
  } finally {
    closeSync(file);
  }
}
