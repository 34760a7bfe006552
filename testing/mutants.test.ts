import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { mutants } from './mutants.ts';

// The faults themselves take minutes and are tried by `npm run test:mutants`; that code moved from under one shows here.
it.each(mutants)(
  '"$name" is a change to code that is there, judged by tests that are there',
  async (mutant) => {
    const code = await readFile(mutant.file, 'utf8');
    expect(code.split(mutant.find)).toHaveLength(2);
    expect(mutant.tests.filter((file) => !existsSync(file))).toEqual([]);
  },
);
