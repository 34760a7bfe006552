import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { array, object, parse } from '../docker/json.ts';
import { readIfThere, writeWhole } from '../files.ts';
import { isStackName } from './names.ts';

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
  /** Files of a repository that are laid beside it; null for none. */
  readonly laid: readonly string[] | null;
}

/**
 * Deployments that are under way, on the disk: an agent that ends in the middle of one is followed by another, which has
 * what ran before run again. They hold what a stack is told in confidence, so they are the account's alone.
 */
export class UnfinishedDeployments {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws the file system's error: then nothing may be touched */
  note(one: Unfinished): void {
    writeWhole(this.#fileOf(one.name), JSON.stringify(one), 0o600);
  }

  forget(name: string): void {
    rmSync(this.#fileOf(name), { force: true });
  }

  all(): Unfinished[] {
    return this.#names().flatMap((name) => {
      const text = readIfThere(this.#fileOf(name));
      if (text === undefined) return [];
      const { folder, json, previous, ran, privileged, laid } = object(parse(text));
      return {
        name,
        folder: String(folder),
        json: String(json),
        previous: typeof previous === 'number' ? previous : null,
        ran: ran === true,
        privileged: privileged === true,
        laid: Array.isArray(laid) ? array(laid).map(String) : null,
      };
    });
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
