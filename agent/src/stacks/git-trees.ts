import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { array, object, parse } from '../docker/json.ts';
import { systemCode } from '../errors.ts';
import { writeWhole } from '../files.ts';
import type { TreeFile } from './git-tree.ts';

/** A tree unpacked: base64 of 16 MB, and its names. Bytes. */
const MAX_UNPACKED = 64 * 1024 * 1024;
const isId = (id: string): boolean => /^[0-9a-f]{40,64}$/.test(id);

/** Files that versions of a stack have beside their Compose file, each content once. */
export class StackTrees {
  /** Of the stack's versions. */
  readonly #folder: string;

  constructor(versions: string) {
    this.#folder = path.join(versions, 'trees');
  }

  /** Undefined for one that is not kept. */
  read(id: string): TreeFile[] | undefined {
    if (!isId(id)) return undefined;
    let packed: Buffer;
    try {
      packed = readFileSync(this.#fileOf(id));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    const text = gunzipSync(Buffer.from(packed.toString(), 'base64'), { maxOutputLength: MAX_UNPACKED });
    return array(parse(text.toString())).map((one) => {
      const { path: name, executable, bytes } = object(one);
      return {
        path: String(name),
        executable: executable === true,
        bytes: Buffer.from(String(bytes), 'base64'),
      };
    });
  }

  keep(id: string, files: readonly TreeFile[]): void {
    if (!isId(id) || this.#ids().includes(id)) return;
    const text = JSON.stringify(files.map((file) => ({ ...file, bytes: file.bytes.toString('base64') })));
    writeWhole(this.#fileOf(id), gzipSync(text).toString('base64'), 0o600);
  }

  /** Forgets all but these, which are only looked for where there is something to forget. */
  prune(needed: () => ReadonlySet<string | null>): void {
    const ids = this.#ids();
    if (ids.length === 0) return;
    const still = needed();
    for (const id of ids) if (!still.has(id)) rmSync(this.#fileOf(id), { force: true });
  }

  #ids(): string[] {
    try {
      return readdirSync(this.#folder).flatMap((name) => /^([0-9a-f]{40,64})\.gz$/.exec(name)?.[1] ?? []);
    } catch {
      return [];
    }
  }

  #fileOf(id: string): string {
    return path.join(this.#folder, `${id}.gz`);
  }
}
