import { describe, expect, test } from 'vitest';
import { schema } from '../schema.ts';
import { Documents, pickOperation } from './documents.ts';
import { limits } from './limits.ts';

const documents = new Documents(schema);

function codeOf(text: string): string {
  const preparation = documents.prepare(text);
  if (preparation.ok) return 'ok';
  const [error] = preparation.errors;
  return error && 'code' in error ? String(error.code) : 'invalid';
}

const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

describe('a document', () => {
  test.each([
    [
      'what the dashboard asks',
      '{ viewer { user { email } scopes } auditEvents(first: 20) { edges { node { id } } } }',
      'ok',
    ],
    [
      'too many characters',
      `{ viewer { scopes } } #${'x'.repeat(limits.documentLength)}`,
      'QUERY_TOO_COMPLEX',
    ],
    ['too many tokens', `{ ${many(limits.tokens, () => '__typename')} }`, 'QUERY_TOO_COMPLEX'],
    [
      'too deep',
      `${'{ viewer '.repeat(limits.depth + 1)}${'}'.repeat(limits.depth + 1)}`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'too many aliases',
      `{ ${many(limits.aliases + 1, (index) => `a${index}: __typename`)} }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['too many root fields', `{ ${many(limits.rootFields + 1, () => '__typename')} }`, 'QUERY_TOO_COMPLEX'],
    [
      'too many directives',
      `{ viewer { scopes ${'@include(if: true) '.repeat(limits.directives + 1)} } }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['fragments that multiply', bomb(20), 'QUERY_TOO_COMPLEX'],
    [
      'fragments that contain themselves',
      'query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
      'invalid',
    ],
    ['rubbish', '}{', 'invalid'],
    ['nothing', '', 'invalid'],
    ['fields that are not there', '{ nothing }', 'invalid'],
  ])('with %s', (_, text, outcome) => {
    expect(codeOf(text)).toBe(outcome);
  });

  test('of hostile size is judged in an instant', () => {
    const start = performance.now();
    for (const text of [
      bomb(200),
      `{ viewer { ${many(1_900, () => 'scopes')} } }`,
      `{ ${'viewer { '.repeat(900)}${'} '.repeat(900)} }`,
      `query(${many(900, (index) => `$v${index}: Int`)}) { viewer { scopes } }`,
    ]) {
      documents.prepare(text);
    }
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  test('is prepared once, and rubbish is not kept', () => {
    const text = '{ viewer { scopes } }';
    const [first, second] = [documents.prepare(text), documents.prepare(text)];
    expect(first.ok && second.ok && first.prepared === second.prepared).toBe(true);
  });

  test('with several operations needs a name', () => {
    const preparation = documents.prepare('query A { viewer { scopes } } query B { setupStatus { needed } }');
    if (!preparation.ok) throw new Error('not prepared');
    expect(() => pickOperation(preparation.prepared, undefined)).toThrow('operationName');
    expect(() => pickOperation(preparation.prepared, 'C')).toThrow('no operation named C');
    expect(pickOperation(preparation.prepared, 'B').operation.name?.value).toBe('B');
  });

  test('is read for what it needs and whether it may be shared, through fragments too', () => {
    const read = (text: string) => {
      const preparation = documents.prepare(text);
      if (!preparation.ok) throw new Error(preparation.errors[0]?.message);
      const [analysis] = preparation.prepared.analyses;
      return {
        scopes: [...(analysis?.scopes ?? [])],
        perViewer: analysis?.perViewer,
        introspects: analysis?.introspects,
      };
    };
    expect(read('query { ...F } fragment F on Query { users { nodes { id } } viewer { scopes } }')).toEqual({
      scopes: ['users:read'],
      perViewer: true,
      introspects: false,
    });
    expect(read('subscription { serverEvents { kind } }')).toEqual({
      scopes: ['servers:read'],
      perViewer: false,
      introspects: false,
    });
    expect(read('{ __schema { types { name } } }').introspects).toBe(true);
  });
});

/** Each fragment spreads the next twice: 2^levels fields in a few hundred tokens. */
function bomb(levels: number): string {
  const fragments = many(levels, (index) =>
    index + 1 < levels
      ? `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`
      : `fragment F${index} on Query { viewer { scopes } }`,
  );
  return `query { ...F0 } ${fragments}`;
}
