import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const page = readFileSync('docs/parity.md', 'utf8');

interface Row {
  readonly id: string;
  readonly serverKit: string;
  readonly others: readonly string[];
}

const rows: readonly Row[] = [...page.matchAll(/^\| ([A-Z]\d+) +\|(.+)\|$/gm)].map(
  ([, id = '', rest = '']) => {
    const [, ...cells] = rest.split('|').map((cell) => cell.trim());
    return { id, serverKit: cells.at(-1) ?? '', others: cells.slice(0, -1) };
  },
);

/** Tests by the rows that they are named for. */
const named = new Map(
  [...page.matchAll(/^- ([A-Z]\d+): (.+)$/gm)].map(([, id = '', text = '']) => [
    id,
    [...text.matchAll(/\]\(\.\.\/([^)]+)\) “([^”]+)”/g)].map(([, file = '', title = '']) => ({
      file,
      title,
    })),
  ]),
);

/** Whether a test, or a comparison that is one, is called so: its title stands where titles stand. */
function has(file: string, title: string): boolean {
  const text = readFileSync(file, 'utf8').replaceAll(String.raw`\'`, "'");
  const quoted = ["'", '"', '`'].map((quote) => `${quote}${title}${quote}`);
  return quoted.some((words) =>
    [`test(${words}`, `it(${words}`, `](${words}`, `])(${words}`, `title: ${words}`].some((start) =>
      text.replaceAll(/\(\s+/g, '(').includes(start),
    ),
  );
}

describe('the comparison with others', () => {
  test('says of each operation what is to be said, once', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { id, serverKit, others } of rows) {
      expect({ id, others: others.length }).toEqual({ id, others: 4 });
      for (const cell of others)
        expect({ id, cell }).toEqual({ id, cell: expect.stringMatching(/^(yes|–|(no|partly)(: .+)?)$/) });
      expect({ id, serverKit }).toEqual({
        id,
        serverKit: expect.stringMatching(/^(yes|no(: .+)?|partly: .+)$/),
      });
    }
  });

  test('names a test for whatever it says is there, and for nothing that is not', () => {
    const there = rows.filter(({ serverKit }) => !serverKit.startsWith('no')).map(({ id }) => id);
    expect([...named.keys()]).toEqual(there);
    for (const [id, tests] of named) expect({ id, tests: tests.length }).not.toEqual({ id, tests: 0 });
  });

  test.each([...named].flatMap(([id, tests]) => tests.map((one) => ({ id, ...one }))))(
    '$id: $file has “$title”',
    ({ file, title }) => {
      expect(existsSync(file)).toBe(true);
      expect(has(file, title)).toBe(true);
    },
  );
});
