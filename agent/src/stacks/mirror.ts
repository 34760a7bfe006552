import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '@serverkit/wire/compose-file.ts';
import { withScratch } from './git-remote.ts';
import type { References } from './references.ts';

/** So many steps further up than the root of the file system lead to the root, as they do on the host. */
const STEPS = 32;
const step = '_';

/** Stands for a stack's folder while Compose reads it. */
export interface Mirror {
  readonly folder: string;
  /** Text as it is with the folder that this stands for. */
  readonly settled: (text: string) => string;
}

/**
 * Has Compose read a stack where nothing lies but what was read of it: below a root of its own, at the place that the
 * stack's folder has below the host's, so that relative paths lead where they would. That root is left out of what comes
 * of it.
 */
export function withMirror<Result>(
  scratch: string,
  folder: string,
  { files, folders }: Pick<References, 'files' | 'folders'>,
  use: (mirror: Mirror) => Promise<Result>,
): Promise<Result> {
  return withScratch(scratch, (top) => {
    const mirrored = path.join(top, ...Array.from({ length: STEPS }, () => step), folder);
    mkdirSync(mirrored, { recursive: true, mode: 0o700 });
    for (const name of folders) mkdirSync(path.join(mirrored, name), { recursive: true, mode: 0o700 });
    for (const [name, content] of files) {
      writeFileSync(path.join(mirrored, name), content, { mode: 0o600, flag: 'wx' });
    }
    // Compose writes some dollars twice. The name was drawn for this once, so it stands nowhere but where Compose put it.
    const drawn = top.replaceAll(/[^\w/]/g, (sign) => (sign === '$' ? '\\${1,2}' : `\\${sign}`));
    const end = `(?![^/"':\\s])`;
    const root = new RegExp(`${drawn}(?:/${step}${end}){0,${STEPS}}${end}(/?)`, 'g');
    return use({ folder: mirrored, settled: (text) => text.replaceAll(root, '/') });
  });
}

/** The same with another text for each of a value's texts. */
export function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, map)]));
}
