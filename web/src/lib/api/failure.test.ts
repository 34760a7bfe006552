import { CombinedError } from '@urql/core';
import { expect, test } from 'vitest';
import { failuresOf, toFailure } from './failure.ts';

test('each error of an answer keeps its code, its details and its path', () => {
  const error = new CombinedError({
    graphQLErrors: [
      {
        message: 'offline',
        path: ['server', 'containers'],
        extensions: { code: 'AGENT_OFFLINE', serverName: 'web-1' },
      },
      { message: 'no code' },
    ],
  });
  expect(failuresOf(error).map(({ code, path, details }) => ({ code, path, details }))).toEqual([
    {
      code: 'AGENT_OFFLINE',
      path: 'server.containers',
      details: { code: 'AGENT_OFFLINE', serverName: 'web-1' },
    },
    { code: 'INTERNAL', path: '', details: {} },
  ]);
});

test('an answer that never came is a failure of the network', () => {
  const [failure] = failuresOf(new CombinedError({ networkError: new TypeError('Failed to fetch') }));
  expect(failure?.code).toBe('NETWORK');
});

test('anything thrown becomes a failure', () => {
  expect(toFailure(new Error('x')).code).toBe('INTERNAL');
  expect(toFailure('x').message).toBe('x');
});
