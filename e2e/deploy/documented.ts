import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Machine } from '../install/machine.ts';

/** One fenced block of docs/deploy.md that says what to do with it. */
export interface Step {
  readonly kind: 'file' | 'run';
  /** Of a file: its path. Of a script: which of the examples it belongs to. */
  readonly name: string;
  readonly text: string;
}

/** The steps of one section of docs/deploy.md, word for word, in order. */
export async function documented(heading: string): Promise<readonly Step[]> {
  const page = await readFile('docs/deploy.md', 'utf8');
  const section = page
    .split(/^(?=##+ )/m)
    .find((part) => part.startsWith(`## ${heading}\n`) || part.startsWith(`### ${heading}\n`));
  if (section === undefined) throw new Error(`docs/deploy.md has no section "${heading}"`);
  return [...section.matchAll(/^```\w+ (file|run)=(\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, kind, name = '', text = '']) => ({ kind: kind === 'file' ? 'file' : 'run', name, text }),
  );
}

/** Does on a machine what a section says. @throws with the output of a script that fails */
export async function follow(machine: Machine, heading: string): Promise<void> {
  const steps = await documented(heading);
  if (steps.length === 0) throw new Error(`the section "${heading}" says nothing to do`);
  for (const { kind, name, text } of steps) {
    if (kind === 'run') await machine.exec('bash', '-euc', text);
    else {
      const file = join(machine.root, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
}
