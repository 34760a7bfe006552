import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../startup-error.ts';
import type { Link } from './seals.ts';

const shape = z.object({
  position: z.string().regex(/^\d{1,19}$/),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * The end of the chain, kept beside the keys instead of in the database: whoever can write to the database alone could
 * otherwise take it back to an earlier state, and nothing would be missing.
 */
export interface Anchor {
  /** undefined when there is none, or none that can be read. */
  read(): Promise<Link | undefined>;
  write(link: Link): Promise<void>;
}

/** Where the anchor of a data directory lies. It belongs to the database it was written for, and to no other. */
export function anchorPath(dataDirectory: string): string {
  return join(dataDirectory, 'audit', 'end.json');
}

export function createAnchor(dataDirectory: string): Anchor {
  const path = anchorPath(dataDirectory);
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw error;
      }
      const { data } = shape.safeParse(parsed(text));
      return data && { position: BigInt(data.position), mac: Buffer.from(data.mac, 'hex') };
    },
    async write({ position, mac }) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const half = `${path}.new`;
      const file = await open(half, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ position: String(position), mac: mac.toString('hex') })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(half, path);
    },
  };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
