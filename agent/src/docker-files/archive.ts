import { pipeline, type Readable } from 'node:stream';
import type { Extract } from 'tar-stream';
import type { Engine } from '../docker/engine.ts';
import { AgentError } from '../errors.ts';

export type ArchiveEntry = Extract extends AsyncIterable<infer Entry> ? Entry : never;

/** Where the engine can reach the files that are meant. */
export interface OpenPlace {
  readonly engine: Engine;
  readonly containerId: string;
  /** What stands before every path: empty in a container, the mount of a volume. */
  readonly root: string;
  /** Folders that its processes have in memory, so that the engine has others in their place. */
  readonly memory: readonly string[];
  /** What is mounted there, as it was asked for: no part of the place itself. */
  readonly mounts: readonly string[];
}

/** A path of the place as the engine is told it. @param path - checked */
export function enginePath({ root }: OpenPlace, path: string): string {
  return path === '/' ? root || '/' : `${root}${path}`;
}

/**
 * What is at a path, with all that is below it, as a tar archive; it may break off without an error. Destroying it ends the
 * engine's work. Read raw, which takes half the CPU of Node's parser.
 */
export function openArchive(place: OpenPlace, path: string, signal: AbortSignal): Promise<Readable> {
  const query = { path: enginePath(place, path) };
  return place.engine.stream(`/containers/${place.containerId}/archive`, query, signal);
}

/**
 * Reads an archive; what is not read of an entry is passed over. Leaving the loop ends the archive.
 *
 * @yields the entries in their order
 * @throws AgentError DOCKER_ERROR when the archive breaks off or is none
 */
export async function* entriesOf(archive: Readable): AsyncGenerator<ArchiveEntry> {
  const { extract } = await import('tar-stream');
  const parser = extract();
  pipeline(archive, parser, () => undefined);
  try {
    for await (const entry of parser) {
      yield entry;
      entry.resume();
    }
  } catch (error) {
    throw new AgentError('DOCKER_ERROR', 'Docker broke off while it read the files.', error);
  } finally {
    archive.destroy();
    parser.destroy();
  }
}
