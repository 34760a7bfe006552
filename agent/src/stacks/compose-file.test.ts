import { MAX_FILE, MAX_PROBLEMS } from '@serverkit/wire/compose-file.ts';
import { describe, expect, test } from 'vitest';
import { readComposeFile } from './compose-file.ts';
import { StackError, type StackProblem } from './problem.ts';

const head = 'services:\n  web:\n    image: x\n';

function problemsOf(text: string): readonly StackProblem[] {
  try {
    readComposeFile(text);
    return [];
  } catch (error) {
    if (error instanceof StackError) return error.problems;
    throw error;
  }
}

describe('a large Compose file', () => {
  // With a search that compares each with all before it that takes minutes, in which the agent does nothing else.
  test('of a megabyte of keys is read in one go, and a longer one is not', () => {
    let text = head;
    for (let index = 0; text.length < MAX_FILE - 100; index += 1) text += `k${index}:\n`;
    const file = readComposeFile(text);
    expect(Object.keys(file.value).length).toBeGreaterThan(90_000);
    expect(file.lineOf(['k7'])).toBe(11);
    expect(problemsOf(text + '#'.repeat(100))).toEqual([
      { line: null, message: 'The file is larger than 1 MB.' },
    ]);
  });

  test('of nothing but mistakes names the first of them', () => {
    const problems = problemsOf(head + 'x:\n'.repeat(1_000));
    expect(problems).toHaveLength(MAX_PROBLEMS);
    expect(problems[0]).toMatchObject({ line: 5 });
  });

  test.each([
    ['lists', '[', ']'],
    ['maps', '{a: ', '}'],
    ['keys', '? - ', ''],
  ])('of %s in each other, deeper than can be followed, is refused in words', (_what, open, close) => {
    const deep = open.repeat(20_000) + close.repeat(20_000);
    expect(problemsOf(`${head}x-deep: ${open === '? - ' ? '\n  ' : ''}${deep}`)).toContainEqual({
      line: expect.any(Number) as unknown,
      message: 'This is nested too deeply.',
    });
  });
});

test('a key that comes twice is named with its line, wherever it is', () => {
  expect(problemsOf(`${head}    image: y\nx-a: [{ b: 1, "b": 2 }]\n`)).toEqual([
    { line: 4, message: 'Map keys must be unique' },
    { line: 5, message: 'Map keys must be unique' },
  ]);
  expect(problemsOf(`x-a: &a { b: 1 }\nx-c: &c { d: 1 }\n${head}    <<: [*a, *c]\n`)).toEqual([]);
});
