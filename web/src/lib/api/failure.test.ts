import { expect, test } from 'vitest';
import { errors as english } from '../messages/en/failures.ts';
import { errors as french } from '../messages/fr/failures.ts';
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

test('a server without Compose says what to install, in either language', () => {
  const failure = failureOf({
    message: 'Install the package docker-compose-plugin (from Docker).',
    extensions: { code: 'COMPOSE_UNAVAILABLE' },
  });
  expect(english.COMPOSE_UNAVAILABLE(failure)).toBe(failure.message);
  expect(french.COMPOSE_UNAVAILABLE(failure)).toContain('docker-compose-plugin');
});

test.each([
  ['The repository has no branch main.', true],
  ['There is no file compose.yaml in that commit.', true],
  ['manifest for shop:4 not found', true],
  ['There is no such container.', false],
  ['No such image: shop:4', false],
  ['There is no server with the id srv_1. It may have been deleted.', false],
])('what is missing is named where it is not the thing itself: %s', (message, named) => {
  for (const language of [english, french]) {
    const said = language.NOT_FOUND(failureOf({ message, extensions: { code: 'NOT_FOUND' } }));
    expect(said === message).toBe(named);
  }
});
