import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type pg from 'pg';
import type { Logger } from 'pino';
import { lockDataDirectory } from '../database/data-lock.ts';
import { readMigrations } from '../database/migrations.ts';
import type { Environment } from '../env.ts';
import { openVault } from '../secrets/vault.ts';
import { settleDatabase } from './aftermath.ts';
import { openArchive, type Archive } from './archive/archive.ts';
import { ArchiveError, DamagedError } from './archive/error.ts';
import { contents } from './contents.ts';
import { restoreFile } from './key-directory.ts';
import { Loader } from './load.ts';
import {
  discard,
  finish,
  forget,
  isOccupied,
  stagingDirectory,
  writeState,
  type RestoreState,
} from './restore-state.ts';
import { settle } from './settle.ts';
import { quoted } from './tables.ts';
import { externalDatabase, stagedDatabase } from './target.ts';

export interface RestoreOptions {
  /** Whether what is there may be set aside, or in an external database lost. */
  readonly replace: boolean;
  readonly log: Logger;
  /** Called between the steps, for tests that end the process there. */
  readonly onStep?: (step: string) => void;
}

export interface RestoreResult {
  /** When the backup was made, ISO 8601. */
  readonly createdAt: string;
  /** Where the things from before are, if there were any. */
  readonly aside: string | undefined;
  /** Tables of the archive that are not from ServerKit. */
  readonly leftOut: readonly string[];
}

/**
 * Puts an archive in place, while ServerKit is stopped. All of it is made beside what is there, and counts only once the
 * last byte of the archive was proven.
 * @throws StartupError one sentence on why nothing was restored
 */
export async function restore(
  env: Pick<Environment, 'databaseUrl' | 'dataDir'>,
  path: string,
  passphrase: string,
  { replace, log, onStep = () => {} }: RestoreOptions,
): Promise<RestoreResult> {
  await using archive = await openArchive(path, passphrase);
  refuseNewer(archive);
  using lock = lockDataDirectory(env.dataDir);
  const dataDirectory = lock.directory;
  if ((await settle(dataDirectory, env, log)) === 'finished') {
    log.warn('finished an earlier restore, which had been interrupted');
  }
  if (isOccupied(dataDirectory) && !replace) {
    throw new ArchiveError(
      `${dataDirectory} holds a ServerKit already; set SERVERKIT_DATA_DIR to an empty directory, or add --replace to set aside what is there.`,
    );
  }
  const state: RestoreState = { id: randomUUID(), phase: 'staging', replaced: `replaced-${stamp()}` };
  const staged = new Staged(dataDirectory, env.databaseUrl, state, onStep);
  const leftOut = await staged.fill(archive, replace, log);
  writeState(dataDirectory, { ...state, phase: 'switching' });
  onStep('switching');
  const aside = finish(dataDirectory, state, onStep);
  return { createdAt: archive.header.createdAt, aside, leftOut };
}

/** Before a database is made for it; the archive says the same in more detail later on. */
function refuseNewer({ header: { product, migration } }: Archive): void {
  if (readMigrations().some(({ name }) => name === migration)) return;
  throw new ArchiveError(
    `The archive is from a newer release of ServerKit (${product}, whose database has the migration ${migration}, which this release does not know); restore it with that release.`,
  );
}

class Staged {
  readonly #dataDirectory: string;
  readonly #directory: string;
  readonly #databaseUrl: string | undefined;
  readonly #state: RestoreState;
  readonly #onStep: (step: string) => void;

  constructor(
    dataDirectory: string,
    databaseUrl: string | undefined,
    state: RestoreState,
    onStep: (step: string) => void,
  ) {
    this.#dataDirectory = dataDirectory;
    this.#directory = stagingDirectory(dataDirectory);
    this.#databaseUrl = databaseUrl;
    this.#state = state;
    this.#onStep = onStep;
  }

  /** @returns names of tables that were left out. When it throws, everything is as it was before. */
  async fill(archive: Archive, replace: boolean, log: Logger): Promise<string[]> {
    let committing = false;
    try {
      await using target =
        this.#databaseUrl === undefined
          ? await this.#begin(() => stagedDatabase(this.#directory, log))
          : await externalDatabase(this.#databaseUrl, replace, log).then((database) =>
              this.#begin(() => Promise.resolve(database)),
            );
      this.#onStep('database open');
      await target.client.query('BEGIN');
      await target.clear();
      const leftOut = await this.#load(target.client, archive);
      await settleDatabase(target.client, {
        id: this.#state.id,
        header: archive.header,
        vault: openVault(this.#directory),
        staging: this.#directory,
      });
      this.#onStep('loaded');
      if (this.#databaseUrl !== undefined) {
        // From here on the database decides, also where its answer is lost on the way.
        writeState(this.#dataDirectory, { ...this.#state, phase: 'committing' });
        committing = true;
        this.#onStep('committing');
      }
      await target.client.query('COMMIT');
      this.#onStep('committed');
      return leftOut;
    } catch (error) {
      if (!committing) {
        discard(this.#dataDirectory);
        forget(this.#dataDirectory);
      }
      throw error;
    }
  }

  async #begin<Result>(open: () => Promise<Result>): Promise<Result> {
    writeState(this.#dataDirectory, this.#state);
    // Also where the archive brings no end of an audit record: that of another one must not stay.
    mkdirSync(join(this.#directory, 'audit'), { recursive: true, mode: 0o700 });
    this.#onStep('staging');
    return open();
  }

  async #load(client: pg.ClientBase, archive: Archive): Promise<string[]> {
    const leftOut: string[] = [];
    let loader: Loader | undefined;
    for await (const { about, body } of archive.sections()) {
      const { data } = contents.safeParse(about);
      if (data?.kind === 'file') {
        restoreFile(this.#directory, data, await buffer(body));
      } else if (data?.kind === 'database' && !loader) {
        loader = await Loader.begin(client, data);
      } else if (data?.kind === 'table' && loader) {
        if (!(await loader.table(data, body))) leftOut.push(quoted(data));
      } else {
        throw new DamagedError('a part of it is of no known kind');
      }
    }
    if (!loader) throw new DamagedError('it holds no database');
    await loader.end();
    return leftOut;
  }
}

/** For a name: `20261122T120000Z` */
function stamp(): string {
  return new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
