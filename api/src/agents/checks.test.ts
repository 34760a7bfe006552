import { buildSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compileCheck, ContractViolation } from './checks.ts';

const schema = buildSchema(/* GraphQL */ `
  scalar SafeInt
  enum Colour {
    RED
    GREEN
  }
  type Thing {
    name: String!
    size: Int
    bytes: SafeInt
    share: Float
    on: Boolean
    colour: Colour
    tags: [String!]
    inner: Thing
  }
  type Query {
    thing: Thing
    things: [Thing!]!
    grid: [[Int!]!]
  }
  type Subscription {
    thing: Thing!
  }
`);

const check = (document: string) => compileCheck(schema, parse(document));

describe('a check of what an agent answers', () => {
  const thing = check('{ thing { name size bytes share on colour tags } }');
  const whole = { name: 'a', size: 1, bytes: 2 ** 40, share: 0.5, on: true, colour: 'RED', tags: ['x'] };

  it('takes what the contract promises, nulls where they are allowed, and fields it did not ask for', () => {
    expect(() => thing({ thing: whole })).not.toThrow();
    expect(() => thing({ thing: null })).not.toThrow();
    expect(() => thing({})).not.toThrow();
    expect(() => thing({ thing: { name: 'a' } })).not.toThrow();
    expect(() => thing({ thing: { ...whole, more: {} }, more: 1 })).not.toThrow();
  });

  const wrong: readonly (readonly [path: string, value: unknown])[] = [
    ['name', null],
    ['name', 1],
    ['name', ['a']],
    ['name', { length: 1 }],
    ['name', 'x'.repeat(2 * 1024 * 1024 + 1)],
    ['size', 1.5],
    ['size', 2 ** 31],
    ['size', '1'],
    ['size', Number.NaN],
    ['bytes', 2 ** 53],
    ['bytes', 0.1],
    ['share', '0.5'],
    ['share', Number.POSITIVE_INFINITY],
    ['on', 'true'],
    ['on', 1],
    ['colour', 'BLUE'],
    ['colour', 'toString'],
    ['colour', 0],
    ['tags', 'x'],
    ['tags', { 0: 'x', length: 1 }],
    ['tags', [null]],
    ['tags', [1]],
    ['tags', Array.from({ length: 100_001 }, () => '')],
  ];

  it.each(wrong)('names %s when it is not of its type', (path, value) => {
    const answer = { thing: { ...whole, [path]: value } };
    expect(() => thing(answer)).toThrow(ContractViolation);
    expect(() => thing(answer)).toThrow(new RegExp(`^thing\\.${path} `));
  });

  it('takes nothing else for an object or a list of them', () => {
    const things = check('{ things { name } }');
    for (const value of [null, undefined, 7, 'data', true, [{ thing: whole }]]) {
      expect(() => thing(value)).toThrow(ContractViolation);
    }
    for (const value of [null, undefined, 7, 'data', whole, [null], [[]]]) {
      expect(() => things({ things: value })).toThrow(ContractViolation);
    }
  });

  it('is not fooled by what every object inherits', () => {
    const inherited = check('{ thing { name: colour } }');
    expect(() => inherited({ thing: JSON.parse('{"__proto__":{"name":"RED"}}') })).not.toThrow();
    const required = check('{ thing { constructor: name } }');
    expect(() => required({ thing: {} })).toThrow(ContractViolation);
  });

  it('goes as deep as lists and objects do', () => {
    const deep = check('{ grid things { inner { inner { name } } } }');
    expect(() => deep({ grid: [[1], []], things: [{ inner: { inner: { name: 'a' } } }] })).not.toThrow();
    expect(() => deep({ grid: [[1], [null]], things: [] })).toThrow('grid');
    expect(() => deep({ things: [{ inner: { inner: { name: 1 } } }] })).toThrow('things.inner.inner.name');
  });

  it('holds every selection of a field that is selected twice', () => {
    const twice = check(
      '{ ...A ...B } fragment A on Query { thing { name } } fragment B on Query { thing { size } }',
    );
    expect(() => twice({ thing: { name: 'a', size: 1 } })).not.toThrow();
    expect(() => twice({ thing: { name: 7, size: 1 } })).toThrow('thing.name');
    expect(() => twice({ thing: { name: 'a', size: 'big' } })).toThrow('thing.size');
  });

  it('follows aliases and inline fragments', () => {
    const aliased = check('{ a: thing { ... on Thing { n: name } } }');
    expect(() => aliased({ a: { n: 'x' } })).not.toThrow();
    expect(() => aliased({ a: { name: 'x' } })).toThrow('a.n');
  });

  it('is made for subscriptions as well', () => {
    expect(() => check('subscription { thing { name } }')({ thing: null })).toThrow('thing');
  });
});
