import { expect, test } from 'vitest';
import { connectionError, engineError } from './engine-error.ts';

const body = (message: string): string => JSON.stringify({ message });

test.each([
  [404, 'No such container: x', 'NOT_FOUND'],
  [409, 'You cannot remove a running container', 'CONFLICT'],
  [400, 'invalid parameter', 'INPUT_INVALID'],
  [500, 'Container 123 is not paused', 'CONFLICT'],
  [500, 'Cannot kill container: x: Container x is not running', 'CONFLICT'],
  [500, 'Invalid signal: SIGFOO', 'INPUT_INVALID'],
  [403, 'bridge is a pre-defined network and cannot be removed', 'CONFLICT'],
  [403, 'authorization denied by plugin x', 'DOCKER_ERROR'],
  [500, 'container 123 is not connected to network x', 'CONFLICT'],
  [500, 'Invalid subnet nonsense : invalid CIDR address: nonsense', 'INPUT_INVALID'],
  [500, 'Bind for 0.0.0.0:80 failed: port is already allocated', 'CONFLICT'],
  [500, 'listen tcp4 0.0.0.0:80: bind: address already in use', 'CONFLICT'],
  [500, 'driver failed programming external connectivity', 'DOCKER_ERROR'],
  [501, 'configured logging driver does not support reading', 'DOCKER_ERROR'],
])('status %i, %j, is %s', (status, message, code) => {
  expect(engineError(status, body(message))).toMatchObject({ code, message });
});

test("Docker's words come in one short line", () => {
  const { message } = engineError(
    500,
    body(`Error response from daemon: a\n\tb\u001b[2J ${'x'.repeat(1000)}`),
  );
  expect(message).toMatch(/^a b \[2J x+…$/);
  expect(message.length).toBeLessThanOrEqual(400);
});

test('an answer that is no JSON is told as it is, an empty one by its status', () => {
  expect(engineError(502, 'Bad Gateway').message).toBe('Bad Gateway');
  expect(engineError(500, '').message).toBe('Docker answered with status 500.');
});

test.each([
  ['ENOENT', /not installed or not running/],
  ['ECONNREFUSED', /is not running/],
  ['EACCES', /account may not use/],
  ['ECONNRESET', /closed the connection/],
])('%s is told as what to do', (code, message) => {
  const error = connectionError('/var/run/docker.sock', Object.assign(new Error('x'), { code }));
  expect(error.code).toBe('DOCKER_UNAVAILABLE');
  expect(error.message).toMatch(message);
});
