import { rmSync, statSync } from 'node:fs';
import {
  fromBase64Url,
  generateSigningKey,
  seedOf,
  signingKeyFromSeed,
  toBase64Url,
  type SigningKey,
} from '@serverkit/wire/bytes.ts';
import { readIfThere, renameDurably, writeWhole } from '../files.ts';

const MAGIC = 'serverkit-agent-key-v1';

/** A private key, and the registration token that it was made for. */
export interface KeptKey {
  readonly key: SigningKey;
  readonly tokenId: string;
}

/**
 * Reads a private key.
 *
 * @returns undefined when there is no such file
 * @throws Error with a sentence when others may read it, or it is not a key
 */
export function readKey(file: string): KeptKey | undefined {
  const lines = readLines(file);
  return lines && { key: lines.key, tokenId: lines.tokenId };
}

function readLines(file: string): (KeptKey & { readonly rest: readonly string[] }) | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  refuseOpenFile(file);
  const [magic, seedText, tokenId, ...rest] = text.split('\n');
  const seed = fromBase64Url(seedText, 32);
  if (magic !== MAGIC || !seed || tokenId === undefined)
    throw new Error(`${file} is not the key of an agent.`);
  return { key: signingKeyFromSeed(seed), tokenId, rest };
}

function textOf({ key, tokenId }: KeptKey): string {
  return `${MAGIC}\n${toBase64Url(seedOf(key))}\n${tokenId}\n`;
}

/** Windows keeps rights elsewhere; there the folder's own protect the file. */
function refuseOpenFile(file: string): void {
  const { mode } = statSync(file);
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new Error(
    `${file} can be read by others (mode ${(mode & 0o777).toString(8)}). Make it private: chmod 600 ${file}; and if somebody may have copied it, register this server again.`,
  );
}

/** The key that registration with this token is tried with: the same at each attempt, so that a lost answer can be asked for again. */
export function keyForToken(file: string, tokenId: string): KeptKey {
  for (const place of [file, pendingFile(file)]) {
    const known = readKey(place);
    if (known?.tokenId === tokenId) return known;
  }
  const made = { key: generateSigningKey(), tokenId };
  writeWhole(pendingFile(file), textOf(made), 0o600);
  return made;
}

/** The registration succeeded: its key takes the place of the one before. */
export function adoptKey(file: string, tokenId: string): void {
  if (readKey(pendingFile(file))?.tokenId === tokenId) renameDurably(pendingFile(file), file);
}

/** The registration was refused for good. */
export function dropPendingKey(file: string): void {
  rmSync(pendingFile(file), { force: true });
}

function pendingFile(file: string): string {
  return `${file}.pending`;
}

/** The key that a rotation is about to put in place of the one in use. */
export interface NextKey extends KeptKey {
  readonly rotationId: string;
}

/** Lays it beside the key in use, on the disk before this returns: the control plane may soon know no other. */
export function writeNextKey(file: string, next: NextKey): void {
  writeWhole(nextFile(file), `${textOf(next)}${next.rotationId}\n`, 0o600);
}

/** @returns undefined when no rotation is under way. @throws Error with a sentence when the file cannot be used */
export function readNextKey(file: string): NextKey | undefined {
  const lines = readLines(nextFile(file));
  const rotationId = lines?.rest[0];
  return lines && rotationId ? { key: lines.key, tokenId: lines.tokenId, rotationId } : undefined;
}

/** The rotation is over: its key takes the place of the one before, which is gone. */
export function adoptNextKey(file: string): void {
  renameDurably(nextFile(file), file);
}

/** The rotation was given up. */
export function dropNextKey(file: string): void {
  rmSync(nextFile(file), { force: true });
}

function nextFile(file: string): string {
  return `${file}.next`;
}

/** Every file that a key may be in, beside the one in use. */
export function keyFiles(file: string): readonly string[] {
  return [file, pendingFile(file), nextFile(file)];
}
