import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readIfPresent, replaceFile, syncDirectory } from '../secrets/key-files.ts';
import { ArchiveError } from './archive/error.ts';

/**
 * How far a restore is. Everything is made beside what is there (`restoring/`), and takes its place by renames; whichever
 * way the process ends, the next one knows whether to undo or to finish.
 */
const shape = z.object({
  /** Also in the restored database: tells whether its transaction was committed. */
  id: z.string(),
  /**
   * `staging`: nothing counts yet. `committing`: an external database says whether it does. `switching`: all of it counts,
   * and some of it may be in place.
   */
  phase: z.enum(['staging', 'committing', 'switching']),
  /** Where the data directory's own things go, if it has any. */
  replaced: z.string().regex(/^replaced-[0-9TZ]+$/),
});

export type RestoreState = z.infer<typeof shape>;

/** What a restore puts in place. The rest of a data directory makes itself. */
const parts = ['pg', 'keys', 'audit'] as const;

export const stagingDirectory = (dataDirectory: string): string => join(dataDirectory, 'restoring');
const stateFile = (dataDirectory: string): string => join(dataDirectory, 'restore.json');

/** Whether a restore began here and did not end. */
export const hasState = (dataDirectory: string): boolean => existsSync(stateFile(dataDirectory));

/** @throws ArchiveError when there is one that cannot be read */
export function readState(dataDirectory: string): RestoreState | undefined {
  const path = stateFile(dataDirectory);
  const bytes = readIfPresent(path);
  if (!bytes) return undefined;
  try {
    return shape.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new ArchiveError(
      `${path} is damaged, so nobody knows how far a restore got; delete it and ${stagingDirectory(dataDirectory)}, and restore again with --replace.`,
      { cause },
    );
  }
}

export function writeState(dataDirectory: string, state: RestoreState): void {
  replaceFile(stateFile(dataDirectory), Buffer.from(`${JSON.stringify(state)}\n`));
}

/** Whether a ServerKit is in this directory: what a restore would replace. */
export function isOccupied(dataDirectory: string): boolean {
  return parts.some((part) => existsSync(join(dataDirectory, part)));
}

/** Takes back what was made and is not in place yet; that there was a restore is still known. */
export function discard(dataDirectory: string): void {
  // A program that makes the database may be at it for another moment.
  rmSync(stagingDirectory(dataDirectory), { recursive: true, force: true, maxRetries: 10 });
}

export function forget(dataDirectory: string): void {
  rmSync(stateFile(dataDirectory), { force: true });
  syncDirectory(dataDirectory);
}

/**
 * Puts everything in its place; what was there is set aside. Can be ended and done again at any point.
 * @param onStep - called between the steps, for tests that end the process there
 * @returns where the things from before are, if there were any
 */
export function finish(
  dataDirectory: string,
  { replaced }: RestoreState,
  onStep: (step: string) => void = () => {},
): string | undefined {
  const staging = stagingDirectory(dataDirectory);
  const aside = join(dataDirectory, replaced);
  for (const part of parts) {
    const [made, place, old] = [staging, dataDirectory, aside].map((directory) => join(directory, part));
    if (!made || !place || !old || !existsSync(made)) continue;
    if (existsSync(place)) {
      mkdirSync(aside, { recursive: true, mode: 0o700 });
      renameSync(place, old);
      onStep(`${part} set aside`);
    }
    renameSync(made, place);
    onStep(`${part} in place`);
  }
  syncDirectory(dataDirectory);
  rmSync(staging, { recursive: true, force: true });
  forget(dataDirectory);
  return existsSync(aside) ? aside : undefined;
}
