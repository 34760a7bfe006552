import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, parseDocument, type Document } from 'yaml';
import { systemCode } from '../errors.ts';

/** A key as `section.key`, and its new value; undefined removes it. */
export type Changes = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/**
 * Changes keys of a configuration file and leaves comments, order and everything else alone. Written beside the old file
 * and renamed over it; mode and owner stay what they were.
 *
 * @throws the file system's error
 */
export function editConfig(file: string, changes: Changes): void {
  const before = statIfThere(file);
  const document = parseDocument(before ? readFileSync(file, 'utf8') : '', { schema: 'core' });
  for (const [name, value] of Object.entries(changes)) {
    const keys = name.split('.');
    if (value === undefined) remove(document, keys);
    else set(document, keys, value);
  }
  mkdirSync(path.dirname(file), { recursive: true });
  const next = `${file}.next`;
  writeFileSync(next, document.toString({ lineWidth: 0 }), { mode: 0o644 });
  if (before) {
    chmodSync(next, before.mode & 0o777);
    if (process.getuid?.() === 0) chownSync(next, before.uid, before.gid);
  }
  renameSync(next, file);
}

function set(document: Document, keys: readonly string[], value: string | boolean | readonly string[]): void {
  const [section = ''] = keys;
  // "server:" with nothing below is null, which cannot take a key.
  if (!isMap(document.contents)) document.contents = document.createNode({});
  if (!isMap(document.get(section))) document.set(section, document.createNode({}));
  document.setIn(keys, document.createNode(value));
}

function remove(document: Document, keys: readonly string[]): void {
  if (document.hasIn(keys)) document.deleteIn(keys);
}

function statIfThere(file: string): { mode: number; uid: number; gid: number } | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
