import { describe, expect, test } from 'vitest';
import { breaks, byVersion, contractFaults, unannounced, unwarned } from './rules.ts';

const base = 'type Query { host(id: ID): String! load: Float }';

describe('a change of a schema', () => {
  test.each([
    ['removes a field', 'type Query { host(id: ID): String! }'],
    ['makes an answer nullable', 'type Query { host(id: ID): String load: Float }'],
    ['makes an argument required', 'type Query { host(id: ID!): String! load: Float }'],
    ['adds a required argument', 'type Query { host(id: ID, zone: ID!): String! load: Float }'],
    ['changes a type', 'type Query { host(id: ID): String! load: Int }'],
  ])('that %s is a break', (_, after) => {
    expect(breaks(base, after)).toHaveLength(1);
  });

  test.each([
    ['adds a field', 'type Query { host(id: ID): String! load: Float swap: Float }'],
    ['promises more', 'type Query { host(id: ID): String! load: Float! }'],
    ['adds an optional argument', 'type Query { host(id: ID, zone: ID): String! load: Float }'],
  ])('that %s is none', (_, after) => {
    expect(breaks(base, after)).toEqual([]);
  });
});

describe('a break of the public API', () => {
  const sentence = 'Query.load was removed.';

  test('is announced by its sentence in the section of the coming release', () => {
    expect(unannounced([sentence], `# Changelog\n\n## Unreleased\n\n- ${sentence} Use host.\n`)).toEqual([]);
  });

  test('is not announced by an older section', () => {
    expect(unannounced([sentence], `## Unreleased\n\n## 1.0.0\n\n- ${sentence}\n`)).toEqual([sentence]);
  });
});

describe('a removal from the public API', () => {
  const marked = `
    type Query { host(id: ID, zone: ID @deprecated(reason: "x")): E, load: Float @deprecated(reason: "x"), swap: Float }
    enum E { UP DOWN @deprecated(reason: "x") LOST }
    input I { name: ID, tag: ID @deprecated(reason: "x"), note: ID }`;

  test('is fine for what the release before marked as deprecated', () => {
    const after =
      'type Query { host(id: ID): E, swap: Float } enum E { UP LOST } input I { name: ID, note: ID }';
    expect(breaks(marked, after)).toHaveLength(4);
    expect(unwarned(marked, after)).toEqual([]);
  });

  test('is found where nobody was warned: fields, arguments, values, fields of inputs', () => {
    const after = 'type Query { host: E } enum E { UP } input I { name: ID }';
    expect(unwarned(marked, after).toSorted()).toEqual([
      'I.note was removed.',
      'LOST was removed from enum type E.',
      'Query.host arg id was removed.',
      'Query.swap was removed.',
    ]);
  });
});

describe("the agent's contract", () => {
  const grown = 'type Query { host(id: ID): String! load: Float swap: Float }';
  const broken = 'type Query { host(id: ID): String! }';

  test('is in order when recorded as it is', () => {
    expect(contractFaults('1.0', base, new Map([['1.0', base]]))).toEqual([]);
  });

  test('may grow in a new minor', () => {
    const recorded = new Map([
      ['1.0', base],
      ['1.1', grown],
    ]);
    expect(contractFaults('1.1', grown, recorded)).toEqual([]);
  });

  test('may not break an older minor', () => {
    const recorded = new Map([
      ['1.0', base],
      ['1.1', broken],
    ]);
    expect(contractFaults('1.1', broken, recorded)).toEqual(['breaks contract 1.0: Query.load was removed.']);
  });

  test('may not be older than what is recorded', () => {
    const recorded = new Map([
      ['1.0', base],
      ['1.1', base],
    ]);
    expect(contractFaults('1.0', base, recorded)).toEqual(['contract 1.1 is newer than contractVersion 1.0']);
  });

  test('may not be left unrecorded, or grow in silence', () => {
    expect(contractFaults('1.1', grown, new Map([['1.0', base]]))).toEqual([
      'contract 1.1 is not recorded: run `npm run contract`',
    ]);
    expect(contractFaults('1.0', grown, new Map([['1.0', base]]))).toEqual([
      expect.stringContaining('the contract grew since 1.0 was recorded'),
    ]);
  });
});

test('versions are ordered by number', () => {
  expect(['1.10', '2.0', '1.9'].toSorted(byVersion)).toEqual(['1.9', '1.10', '2.0']);
});
