import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { TempDir } from '../../testing/tmp.ts';

/** What {@link ./kill-points.ts} is told by the environment. */
export interface KillPoints {
  readonly armFile: string;
  readonly traceFile: string;
  /** A word of the command line; other programs that inherit the environment are left alone. */
  readonly program: string;
  /** Changes of files whose paths begin so, and of their folders, are counted. */
  readonly files?: readonly string[];
  /** Changes of this table are counted, and operations sent to agents that have these names in them. */
  readonly database?: { readonly table: string; readonly sent: readonly string[] };
}

export interface Armed {
  readonly run: string;
  /** Counted from 1. */
  readonly at: number;
}

/** Kills a real process in the middle of what it does. */
export interface Killer {
  /** For the process that is to be killed. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on the points are counted, and at this one the process ends; by default it is only listened to. */
  arm(at?: number): Promise<void>;
  /** @returns the points that were passed since it was armed, the one it was killed at being the last */
  disarm(): Promise<readonly string[]>;
}

export function killer(dir: TempDir, watched: Omit<KillPoints, 'armFile' | 'traceFile'>): Killer {
  const id = randomUUID();
  const [armFile, traceFile] = [dir.file(`${id}.armed`), dir.file(`${id}.trace`)];
  const points: KillPoints = { ...watched, armFile, traceFile };
  return {
    env: {
      NODE_OPTIONS: `--import ${new URL('kill-points.ts', import.meta.url).href}`,
      KILL_POINTS: JSON.stringify(points),
    },
    async arm(at = 0) {
      const armed: Armed = { run: randomUUID(), at };
      await writeFile(traceFile, '');
      await writeFile(armFile, JSON.stringify(armed));
    },
    async disarm() {
      await rm(armFile, { force: true });
      return (await readFile(traceFile, 'utf8')).split('\n').filter(Boolean);
    },
  };
}
