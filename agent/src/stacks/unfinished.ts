import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { array, flag, number, object, text, type JsonObject } from '../docker/json.ts';
import type { Log } from '../log.ts';
import { Notes } from '../notes.ts';
import type { LaidFile } from './git-lay.ts';
import { isStackName } from './names.ts';
import type { StackFiles } from './store.ts';

/** A deployment that has begun to touch containers: what it takes to undo it. */
export interface Unfinished {
  /** The job that it is done for; null where that was not noted. */
  readonly job: string | null;
  readonly name: string;
  /** When it began to. Ms since 1970. */
  readonly at: number;
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
  /** Those files, where it is kept how they stood; null where there are none, or that is not known. */
  readonly lain: readonly LaidFile[] | null;
  /** By service, what Compose marks the containers with that it makes for this deployment. */
  readonly hashes: ReadonlyMap<string, string>;
  /** The stack's files as they stood and as they are written; null where they are left, or where there were none. */
  readonly files: { readonly before: StackFiles; readonly written: StackFiles } | null;
  /** Nothing but this service is given another number of containers than so many; null for a deployment. */
  readonly scaled: { readonly service: string; readonly before: number } | null;
}

/** Changes of stacks that are under way: an agent that ends in the middle of one has the next run what ran before. */
export class UnfinishedDeployments extends Notes<Unfinished> {
  readonly #folder: string;

  constructor(folder: string, log: Log) {
    super({
      folder,
      log,
      what: 'a deployment',
      isKey: isStackName,
      keyOf: ({ name }) => name,
      read: unfinishedOf,
    });
    this.#folder = folder;
    this.#sweep();
  }

  /** What was set aside by an agent that was killed before it had noted anything. */
  #sweep(): void {
    try {
      const names = readdirSync(this.#folder);
      for (const name of names.flatMap((file) =>
        file.endsWith('.files') ? [path.basename(file, '.files')] : [],
      ))
        if (!names.includes(`${name}.json`)) this.forget(name);
    } catch {
      // It is made with the first of them.
    }
  }

  /** Where it is kept how files of a stack stood, for as long as its note. */
  asideOf(name: string): string {
    return path.join(this.#folder, `${name}.files`);
  }

  override forget(name: string): void {
    super.forget(name);
    if (isStackName(name)) rmSync(this.asideOf(name), { recursive: true, force: true });
  }
}

/** Whatever one of before does not say keeps it from being undone. */
function unfinishedOf(name: string, value: JsonObject): Unfinished {
  const { job, folder, json, previous, ran, privileged, laid, hashes, files } = value;
  const { before, written } = object(files ?? {});
  const scaled = object(value['scaled'] ?? {});
  return {
    job: typeof job === 'string' ? job : null,
    name,
    at: typeof value['at'] === 'number' ? value['at'] : 0,
    folder: String(folder),
    json: String(json),
    previous: typeof previous === 'number' ? previous : null,
    ran: ran === true,
    privileged: privileged === true,
    laid: laid !== false,
    lain: Array.isArray(value['lain']) ? array(value['lain']).map(laidFileOf) : null,
    hashes: new Map(Object.entries(object(hashes ?? {})).map(([service, hash]) => [service, String(hash)])),
    files:
      files === null || files === undefined ? null : { before: filesOf(before), written: filesOf(written) },
    scaled:
      typeof scaled['service'] === 'string' && typeof scaled['before'] === 'number'
        ? { service: scaled['service'], before: scaled['before'] }
        : null,
  };
}

function laidFileOf(value: unknown): LaidFile {
  const { path: name, before, comes } = object(value);
  return { path: text(name), before: number(before), comes: flag(comes) };
}

function filesOf(value: unknown): StackFiles {
  const { compose, env } = object(value);
  return { compose: String(compose), env: String(env) };
}
