import { expect, test } from 'vitest';
import { failureOf, toFailure } from './failure.ts';

test('an error of an answer keeps its code, its details and its path', () => {
  const { code, path, details } = failureOf({
    message: 'offline',
    path: ['server', 'containers'],
    extensions: { code: 'AGENT_OFFLINE', serverName: 'web-1' },
  });
  expect({ code, path, details }).toEqual({
    code: 'AGENT_OFFLINE',
    path: 'server.containers',
    details: { code: 'AGENT_OFFLINE', serverName: 'web-1' },
  });
});

test('an error without a code is ours', () => {
  expect(failureOf({ message: 'no code' })).toMatchObject({ code: 'INTERNAL', path: '', details: {} });
});

test('anything thrown becomes a failure', () => {
  expect(toFailure(new Error('x')).code).toBe('INTERNAL');
  expect(toFailure('x').message).toBe('x');
});
