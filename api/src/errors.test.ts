import { readFileSync } from 'node:fs';
import { GraphQLError } from 'graphql';
import pino from 'pino';
import { expect, test } from 'vitest';
import { errorCodes, notFound, permissionDenied, rateLimited, ServerKitError } from './errors.ts';
import { limits } from './graphql/limits.ts';
import { maskError } from './graphql/mask-error.ts';

const docs = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

test('every code is documented, and no other', () => {
  const documented = [...docs.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
  expect(documented).toEqual(Object.keys(errorCodes));
});

test('the limits are documented as they are', () => {
  const plain = docs.replaceAll(/\s+/g, ' ');
  const number = (value: number) => value.toLocaleString('en');
  expect(plain).toContain(`${number(limits.tokens)} tokens`);
  expect(plain).toContain(
    `${limits.depth} levels, ${number(limits.fields)} fields, ${limits.aliases} aliases`,
  );
  expect(plain).toContain(`${number(limits.cost)} fields an answer may come to`);
  expect(plain).toContain(`${number(limits.operationsPerUser)} for one person`);
});

/** What a client gets, and what the log does. */
function masked(error: unknown) {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  return { error: maskError(error, log), log: lines.join('') };
}

/** As GraphQL wraps what a resolver throws. */
const thrown = (originalError: Error) =>
  new GraphQLError(originalError.message, { originalError, path: ['field'] });

test('an expected failure reaches the client with its code, details and path, and is not logged', () => {
  const { error, log } = masked(thrown(permissionDenied('servers:write')));
  expect(error.toJSON()).toEqual({
    message: 'This needs the scope servers:write, which you do not hold. Ask an administrator.',
    path: ['field'],
    extensions: { code: 'PERMISSION_DENIED', scope: 'servers:write' },
  });
  expect(log).toBe('');
});

test('an unexpected one is told to the log, and to the client only by a reference', () => {
  const { error, log } = masked(thrown(new Error('relation "User" does not exist at 10.0.0.7')));
  const { reference, code } = error.extensions;
  expect(code).toBe('INTERNAL');
  expect(JSON.stringify(error)).not.toContain('10.0.0.7');
  expect(log).toContain('10.0.0.7');
  expect(log).toContain(String(reference));
});

test('whatever was thrown is masked, once', () => {
  for (const odd of [
    'text',
    undefined,
    null,
    42,
    { code: 'NOT_FOUND' },
    new AggregateError([new Error('secret')]),
  ]) {
    const { error } = masked(odd);
    expect(error.extensions['code']).toBe('INTERNAL');
    expect(masked(error).error).toBe(error);
  }
});

test('a database that is away is not our fault, and worth another try', () => {
  const away = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' });
  expect(masked(thrown(new Error('query', { cause: away }))).error.extensions['code']).toBe('UNAVAILABLE');
  const everywhere = Object.assign(new AggregateError([away, away]), { code: 'ECONNREFUSED' });
  expect(masked(thrown(everywhere)).error.extensions['code']).toBe('UNAVAILABLE');
});

test('a failure keeps what caused it, for the log', () => {
  const cause = new Error('socket');
  expect(new ServerKitError('AGENT_TIMEOUT', 'No answer.', { cause }).cause).toBe(cause);
  expect(notFound('server', 'x'.repeat(1_000)).message.length).toBeLessThan(200);
  expect(rateLimited(0.2).details).toEqual({ retryAfterSeconds: 1 });
});
