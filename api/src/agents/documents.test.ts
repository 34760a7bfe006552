import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { contractVersion } from '@serverkit/wire/handshake.ts';
import { createContracts, Unsupported } from './documents.ts';

const current = /* GraphQL */ `
  input Filter {
    text: String
  }
  type Thing {
    name: String!
    colour: String
    weight: Int!
  }
  type Query {
    thing(filter: Filter, deep: Boolean, id: ID!): Thing
    extra: Int
    needed: Int!
  }
`;
const old = /* GraphQL */ `
  type Thing {
    name: String!
  }
  type Query {
    thing(id: ID!): Thing
  }
`;

describe('documents for agents of other versions', () => {
  const reads: string[] = [];
  const contracts = createContracts((version) => {
    reads.push(version);
    return version === contractVersion ? current : version === '0.9' ? old : null;
  });
  const words = (text: string) => text.replace(/\s+/g, ' ').trim();

  it('leave out what an older agent does not know and may do without', () => {
    const document = parse(
      'query A($f: Filter, $d: Boolean, $id: ID!) { thing(filter: $f, deep: $d, id: $id) { name colour } extra }',
    );
    const { query, operationName, check } = contracts.prepare(document, '0.9');
    expect(words(query)).toBe('query A($id: ID!) { thing(id: $id) { name } }');
    expect(operationName).toBe('A');
    expect(() => check({ thing: { name: 'a' } })).not.toThrow();
    expect(words(contracts.prepare(document, contractVersion).query)).toContain('extra');
  });

  it.each([
    ['{ needed }', 'Query.needed'],
    ['query ($id: ID!) { thing(id: $id) { weight } }', 'Thing.weight'],
  ])('say what an older agent lacks: %s', (text, missing) => {
    const document = parse(text);
    expect(() => contracts.prepare(document, '0.9')).toThrow(Unsupported);
    expect(() => contracts.prepare(document, '0.9')).toThrow(missing);
  });

  it.each([
    [contractVersion, true],
    ['0.9', true],
    ['1.9999', true],
    ['0.8', false],
    ['2.0', false],
    ['1', false],
    ['1.0.0', false],
    ['01.0', false],
    ['1.00', false],
    ['1.99999', false],
    ['../agent', false],
    ['', false],
  ])('are spoken to version %j: %s', (version, spoken) => {
    expect(contracts.speaks(version)).toBe(spoken);
  });

  it('are prepared once for all newer minors, however many an agent makes up', () => {
    const document = parse('{ extra }');
    const prepared = contracts.prepare(document, contractVersion);
    for (let minor = 1; minor < 100; minor += 1) {
      expect(contracts.prepare(document, `1.${minor}`)).toBe(prepared);
    }
    expect(reads.filter((version) => version.startsWith('1.'))).toEqual([contractVersion]);
  });
});
