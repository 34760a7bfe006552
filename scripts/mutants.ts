/**
 * `npm run test:mutants [-- name…]`: puts each fault of `testing/mutants.ts` into a copy of the tree and runs the tests
 * named with it, which must fail. A fault that goes unnoticed means that a defence is not tested.
 *
 * First the same tests must pass on an unchanged copy: otherwise red would prove nothing.
 */
import { stripTypeScriptTypes } from 'node:module';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { within } from '../testing/events.ts';
import { mutants } from '../testing/mutants.ts';
import type { Mutant } from '../testing/mutants.ts';
import { plainEnv, startProcess } from '../testing/processes.ts';
import { tempDir } from '../testing/tmp.ts';
import type { TempDir } from '../testing/tmp.ts';
import { lastLine } from './suite/summary.ts';

/** Longest that the tests of one fault may take, in milliseconds. */
const limit = 10 * 60_000;

/** Not copied: linked, made anew, or nobody's business. */
const apart = new Set(['node_modules', '.git', '.cache', 'data']);

/** A copy of the tree that shares its dependencies. The links to the rooms are relative, and so lead into the copy. */
async function copyTree(): Promise<TempDir> {
  const copy = await tempDir('serverkit-mutant-');
  await cp('.', copy.path, { recursive: true, filter: (from) => !apart.has(basename(from)) });
  await mkdir(copy.file('node_modules'));
  for (const name of await readdir('node_modules')) {
    const [from, to] = [resolve('node_modules', name), copy.file('node_modules', name)];
    if (name === '@serverkit') await cp(from, to, { recursive: true, verbatimSymlinks: true });
    else if (name !== '.cache') await symlink(from, to);
  }
  return copy;
}

type Verdict = 'green' | 'red' | 'broken';

/** Red is a test that failed; a run in which nothing could be loaded says nothing about the tests. */
async function verdict(
  copy: TempDir,
  tests: readonly string[],
): Promise<{ verdict: Verdict; output: string }> {
  await using child = startProcess(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests], {
    cwd: copy.path,
    env: plainEnv({ NO_COLOR: '1' }),
  });
  const { code } = await within(child.exit, `the tests ${tests.join(' ')}`, limit);
  const output = child.output();
  if (code === 0) return { verdict: 'green', output };
  return { verdict: /^\s+Tests\s.*\d+ failed/m.test(output) ? 'red' : 'broken', output };
}

async function apply({ name, file, find, replace }: Mutant, copy: TempDir): Promise<void> {
  const before = await readFile(join(copy.path, file), 'utf8');
  const found = before.split(find).length - 1;
  if (found !== 1) throw new Error(`"${name}": its text occurs ${found} times in ${file}, not once`);
  // A function, because a string would give meaning to $ in the replacement.
  const after = before.replace(find, () => replace);
  stripTypeScriptTypes(after); // throws when the fault is not even TypeScript
  await writeFile(join(copy.path, file), after);
}

async function survives(mutant: Mutant): Promise<string | undefined> {
  await using copy = await copyTree();
  await apply(mutant, copy);
  const { verdict: seen, output } = await verdict(copy, mutant.tests);
  if (seen === 'red') return undefined;
  if (seen === 'green') return `survived: ${mutant.tests.join(' ')} stay green without it`;
  return `cannot tell, no test ran:\n${output.slice(-3000)}`;
}

async function baseline(chosen: readonly Mutant[]): Promise<void> {
  await using copy = await copyTree();
  const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))];
  const { verdict: seen, output } = await verdict(copy, tests);
  if (seen !== 'green') throw new Error(`the tests fail without any fault:\n${output.slice(-6000)}`);
}

const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? mutants : mutants.filter(({ name }) => wanted.includes(name));
if (chosen.length === 0)
  throw new Error(`no such fault; there are: ${mutants.map(({ name }) => name).join(', ')}`);

console.log(`checking that the tests pass without a fault`);
await baseline(chosen);
let failed = 0;
for (const mutant of chosen) {
  const complaint = await survives(mutant).catch(String);
  if (complaint !== undefined) failed++;
  console.log(
    `${complaint === undefined ? '✓ caught  ' : '✗ SURVIVED'} ${mutant.name} ${complaint ?? ''}`.trimEnd(),
  );
}
console.log(`\n${lastLine({ passed: chosen.length - failed, failed })}`);
process.exitCode = failed === 0 ? 0 : 1;
