import { buildSchema, graphqlSync } from 'graphql';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { maskError } from './mask-error.ts';

const schema = buildSchema(/* GraphQL */ `
  enum Look {
    DARK
  }
  input SignIn {
    email: String!
    password: String!
    tries: Int
    look: Look
  }
  type Query {
    signIn(input: SignIn!): String
  }
`);
const log = pino({ level: 'silent' });

/** What a client is told of a request that does not fit. */
function told(source: string, input?: unknown): string[] {
  const { errors = [] } = graphqlSync({ schema, source, variableValues: { input } });
  return errors.map((error) => maskError(error, log).message);
}

describe('a request that does not fit is told where, and never with the value', () => {
  const query = 'query ($input: SignIn!) { signIn(input: $input) }';

  test.each([
    [{ email: 'a', password: { deep: 's3cret' } }, '$input" does not fit at "input.password": String cannot'],
    [{ email: 's3cret', password: null }, '$input" does not fit at "input.password": Expected non-nullable'],
    [{ email: 'a', secret: 's3cret' }, 'Field "secret" is not defined by type "SignIn".'],
    [{ email: 'a', password: 'x', tries: 's3cret; at "x"; y' }, 'at "input.tries": Int cannot represent'],
    [{ email: 'a', password: 'x', look: 's3cret' }, 'The value does not exist in "Look" enum.'],
    ['s3cret', '$input" does not fit: Expected type "SignIn" to be an object.'],
  ])('in the variables %o', (input, words) => {
    const messages = told(query, input).join('\n');
    expect(messages).toContain(words);
    expect(messages).not.toContain('s3cret');
  });

  test.each([
    [
      '{ signIn(input: { email: "a", password: { deep: "s3cret" } }) }',
      'String cannot represent a non string value.',
    ],
    [
      '{ signIn(input: { email: "a", password: "x", tries: "s3cret" }) }',
      'Int cannot represent non-integer value.',
    ],
    ['{ signIn(input: { email: "a", password: "x", look: "s3cret" }) }', 'Enum "Look" cannot represent'],
    ['{ signIn(input: "s3cret") }', 'Expected value of type "SignIn!".'],
    ['{ signIn(input: { email "s3cret" }) }', 'Syntax Error: Expected ":", found String.'],
    [
      '{ signIn(input: { email: """s3cret""" """s3cret""" }) }',
      'Syntax Error: Expected Name, found BlockString.',
    ],
  ])('in the document %s', (document, words) => {
    const messages = told(document).join('\n');
    expect(messages).toContain(words);
    expect(messages).not.toContain('s3cret');
  });
});

describe('a database that is away is told from a fault of ours', () => {
  const system = (code: string, syscall: string) => Object.assign(new Error(code), { code, syscall });
  const adapter = (cause: object) => Object.assign(new Error('DriverAdapterError'), { cause });

  test.each([
    ['the connection broke', new Error('Connection terminated unexpectedly')],
    ['no connection came free', new Error('timeout exceeded when trying to connect')],
    ['the socket is not there', system('ENOENT', 'connect')],
    ['nobody listens', system('ECONNREFUSED', 'connect')],
    ['it is being stopped', Object.assign(new Error('terminating'), { code: '57P01' })],
    ['its disk is full', Object.assign(new Error('could not extend file'), { code: '53100' })],
    [
      'its disk is full, as Prisma tells it',
      Object.assign(new Error('Database error'), {
        code: 'P2039',
        meta: { driverAdapterError: adapter({ kind: 'postgres', originalCode: '53100' }) },
      }),
    ],
    ['its disk is full, as an adapter tells it', adapter({ kind: 'postgres', originalCode: '53100' })],
    ['it is a standby now', Object.assign(new Error('read-only transaction'), { code: '25006' })],
    [
      'as a cause of a cause',
      new Error('outer', { cause: new Error('x', { cause: system('ECONNRESET', 'read') }) }),
    ],
  ])('%s: UNAVAILABLE', (_what, error) => {
    expect(maskError(error, log).extensions['code']).toBe('UNAVAILABLE');
  });

  test.each([
    ['a file is missing', system('ENOENT', 'open')],
    ['a statement is wrong', Object.assign(new Error('syntax error'), { code: '42601' })],
    ['a rule was broken', Object.assign(new Error('duplicate'), { code: '23505' })],
    ['nothing of the kind', new TypeError('x is not a function')],
  ])('%s: INTERNAL', (_what, error) => {
    expect(maskError(error, log).extensions['code']).toBe('INTERNAL');
  });
});
