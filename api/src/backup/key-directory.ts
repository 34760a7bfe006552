import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keysDirectory, replaceFile } from '../secrets/key-files.ts';
import { vaultFile } from '../secrets/vault.ts';
import { ArchiveError } from './archive/error.ts';
import type { Section } from './archive/sections.ts';
import type { FileContent } from './contents.ts';

/** A key file that is only being written, or was when the machine died. */
const half = /\.[0-9a-f]{8}$/;

/**
 * Everything in the directory of keys, as it lies there: what a later release puts beside them is kept too.
 * @yields a section for each file
 * @throws ArchiveError when there are no keys
 */
export function* dumpKeys(dataDirectory: string): Generator<Section> {
  const directory = keysDirectory(dataDirectory);
  if (!existsSync(vaultFile(dataDirectory))) {
    throw new ArchiveError(
      `There are no keys in ${directory}; set SERVERKIT_DATA_DIR to the data directory of your ServerKit.`,
    );
  }
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !half.test(entry.name))
    .map(({ name }) => name);
  for (const name of names.toSorted()) {
    const about: FileContent = { kind: 'file', path: `keys/${name}` };
    yield { about, body: [readFileSync(join(directory, name))] };
  }
}

/** Puts a file of an archive into a data directory, on the disk when this returns. */
export function restoreFile(dataDirectory: string, { path }: FileContent, bytes: Uint8Array): void {
  replaceFile(join(dataDirectory, path), bytes);
}
