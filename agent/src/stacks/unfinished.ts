import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { object, parse, type JsonObject } from '../docker/json.ts';
import { describe } from '../errors.ts';
import { readIfThere, writeWhole } from '../files.ts';
import type { Log } from '../log.ts';
import { isStackName } from './names.ts';
import type { StackFiles } from './store.ts';

/** A deployment that has begun to touch containers: what it takes to undo it. */
export interface Unfinished {
  readonly name: string;
  readonly folder: string;
  /** What is deployed, as Compose understood it, as JSON. */
  readonly json: string;
  /** The newest version then; null for none. */
  readonly previous: number | null;
  /** Whether any of it ran. */
  readonly ran: boolean;
  /** Whether whoever deploys may start what reaches beyond its containers. */
  readonly privileged: boolean;
  /** Whether files of a repository are laid beside it. */
  readonly laid: boolean;
  /** By service, what Compose marks the containers with that it makes for this deployment. */
  readonly hashes: ReadonlyMap<string, string>;
  /** The stack's files as they stood and as they are written; null where they are left, or where there were none. */
  readonly files: { readonly before: StackFiles; readonly written: StackFiles } | null;
}

/**
 * Deployments that are under way, on the disk: an agent that ends in the middle of one is followed by another, which has
 * what ran before run again. They hold what a stack is told in confidence, so they are the account's alone.
 */
export class UnfinishedDeployments {
  readonly #folder: string;
  readonly #log: Log;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** @throws the file system's error: then nothing may be touched */
  note(one: Unfinished): void {
    const text = JSON.stringify({ ...one, hashes: Object.fromEntries(one.hashes) });
    writeWhole(this.#fileOf(one.name), text, 0o600);
  }

  /** Never throws: what has ended well must not fail for this. */
  forget(name: string): void {
    // Anybody's word for a stack comes here, and none may lead out of the folder.
    if (!isStackName(name)) return;
    try {
      rmSync(this.#fileOf(name), { force: true });
    } catch (error) {
      this.#tell(name, error);
    }
  }

  all(): Unfinished[] {
    return this.#names().flatMap((name) => {
      try {
        const text = readIfThere(this.#fileOf(name));
        return text === undefined ? [] : [unfinishedOf(name, object(parse(text)))];
      } catch (error) {
        // The agent starts all the same.
        this.#tell(name, error);
        return [];
      }
    });
  }

  #tell(name: string, error: unknown): void {
    const reason = describe(error);
    this.#log.error('the note of a deployment can neither be read nor removed', { stack: name, reason });
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder).flatMap((file) => {
        const name = path.basename(file, '.json');
        return file.endsWith('.json') && isStackName(name) ? [name] : [];
      });
    } catch {
      // It is made with the first of them.
      return [];
    }
  }

  #fileOf(name: string): string {
    return path.join(this.#folder, `${name}.json`);
  }
}

/** Whatever one of before does not say keeps it from being undone. */
function unfinishedOf(name: string, value: JsonObject): Unfinished {
  const { folder, json, previous, ran, privileged, laid, hashes, files } = value;
  const { before, written } = object(files ?? {});
  return {
    name,
    folder: String(folder),
    json: String(json),
    previous: typeof previous === 'number' ? previous : null,
    ran: ran === true,
    privileged: privileged === true,
    laid: laid !== false,
    hashes: new Map(Object.entries(object(hashes ?? {})).map(([service, hash]) => [service, String(hash)])),
    files:
      files === null || files === undefined ? null : { before: filesOf(before), written: filesOf(written) },
  };
}

function filesOf(value: unknown): StackFiles {
  const { compose, env } = object(value);
  return { compose: String(compose), env: String(env) };
}
