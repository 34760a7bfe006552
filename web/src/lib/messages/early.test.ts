import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { en as early } from './early-en.ts';
import { en as later } from './en.ts';

const web = path.resolve(import.meta.dirname, '../../..');
const first = [
  'src/routes/+*',
  'src/routes/(app)/+*',
  'src/routes/sign-in/+*',
  'src/routes/setup/+*',
] as const;

/** The files that the first pages are made of, also those they bring when something is opened. */
function filesOf(pages: readonly string[]): string[] {
  const found = new Set(pages);
  for (const file of found) {
    const source = readFileSync(path.join(web, file), 'utf8');
    for (const [, from = ''] of source.matchAll(/(?:^|\s)(?:from |import |import\()'([#.][^']*)'/gm)) {
      const target = from.startsWith('#lib/')
        ? path.join('src/lib', from.slice('#lib/'.length))
        : path.join(path.dirname(file), from);
      if (!target.includes('/generated') && existsSync(path.join(web, target))) found.add(target);
    }
  }
  return [...found].filter((file) => /\.(svelte|ts)$/.test(file) && !file.includes('/messages/'));
}

test('no text is in both parts', () => {
  expect(Object.keys(early).filter((room) => room in later)).toEqual([]);
});

test('the first pages, and all they open, say nothing that is not there from the first paint', () => {
  const files = filesOf(first.flatMap((pattern) => globSync(pattern, { cwd: web })));
  expect(files.length).toBeGreaterThan(80);
  const late = files.filter(
    (file) =>
      !file.endsWith('i18n.svelte.ts') && /(?<![\w.])t\(\)/.test(readFileSync(path.join(web, file), 'utf8')),
  );
  expect(late).toEqual([]);
});
