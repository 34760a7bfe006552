import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { architectures } from './node-runtime.ts';
import { packFile, type PackedFile } from './packed-file.ts';

/**
 * The native part of shells on a server, one file per processor. The build of the agent holds that of this machine; that of
 * another processor comes with its Node, by the same command, and may be added while we run.
 *
 * @param directory - of what was added by hand
 */
export function nativeTerminals(directory: string): () => Promise<PackedFile[]> {
  const packed = new Map<string, Promise<PackedFile>>();
  return async () => {
    const files = architectures.flatMap((architecture) => {
      const path = join(directory, 'node_modules', '@lydell', `node-pty-linux-${architecture}`, 'pty.node');
      if (!existsSync(path)) return [];
      const file = packed.get(path) ?? packFile(path, `serverkit-pty-linux-${architecture}.node`);
      packed.set(path, file);
      return [file];
    });
    return Promise.all(files);
  };
}
