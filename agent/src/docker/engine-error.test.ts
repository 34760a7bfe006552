import { askedTooOften } from '@serverkit/wire/registry-words.ts';
import { expect, test } from 'vitest';
import { connectionError, engineError, plainWords } from './engine-error.ts';

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
  [500, 'driver failed programming external connectivity', 'DOCKER_ERROR'],
  [501, 'configured logging driver does not support reading', 'DOCKER_ERROR'],
])('status %i, %j, is %s', (status, message, code) => {
  expect(engineError(status, body(message))).toMatchObject({ code, message });
});

const id = '0123456789ab'.repeat(6).slice(0, 64);

test.each([
  [
    500,
    `driver failed programming external connectivity on endpoint web (${id}): Bind for 0.0.0.0:80 failed: port is already allocated`,
    'CONFLICT',
    'Port 80 of the server is taken by another container.',
  ],
  [
    500,
    `driver failed programming external connectivity on endpoint web (${id}): Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use`,
    'CONFLICT',
    'Port 80 of the server is used by another program.',
  ],
  [
    500,
    `failed to set up container networking: driver failed programming external connectivity on endpoint web (${id}): failed to bind host port 0.0.0.0:80/tcp: address already in use`,
    'CONFLICT',
    'Port 80 of the server is used by another program.',
  ],
  [
    500,
    'failed to bind host port for [::1]:80:172.17.0.2:8080/tcp: address already in use',
    'CONFLICT',
    'Port 80 of the server is used by another program.',
  ],
  [
    409,
    `Conflict. The container name "/web" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    'CONFLICT',
    'There is a container called web already.',
  ],
  [
    409,
    `remove data: volume is in use - [${id}]`,
    'CONFLICT',
    'Volume data is used by a container. Remove the container first.',
  ],
  [
    500,
    `Cannot kill container: ${id}: Container ${id} is not running`,
    'CONFLICT',
    'The container is not running.',
  ],
  [
    403,
    `error while removing network: network front id ${id} has active endpoints`,
    'CONFLICT',
    'There are containers in network front. Disconnect them first.',
  ],
  [
    403,
    'endpoint with name web already exists in network front',
    'CONFLICT',
    'web is in network front already.',
  ],
  [
    403,
    'Pool overlaps with other one on this address space',
    'CONFLICT',
    'Another network of the server has addresses of this subnet. Choose another subnet.',
  ],
  [
    403,
    'Address already in use',
    'CONFLICT',
    'Another container of this network has that address. Choose another.',
  ],
  [500, `no ${id} here`, 'DOCKER_ERROR', `no ${id.slice(0, 12)} here`],
])('status %i, %j, is %s: %s', (status, said, code, message) => {
  expect(engineError(status, body(said))).toMatchObject({ code, message });
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

// As Docker 20.10 to 28 were seen to tell it: a registry's own words are not whose image, and not what to do.
test.each([
  [
    "pull access denied for team/shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    /^There is no image team\/shop, or it is private/,
  ],
  ['denied: requested access to the resource is denied', /^The registry does not allow it/],
  [
    'Head "http://hub.example:5000/v2/team/web/manifests/1": no basic auth credentials',
    /^The registry wants a password/,
  ],
  ['unauthorized: authentication required', /^The registry does not accept the user name and password/],
  [
    'login attempt to http://hub.example:5000/v2/ failed with status: 401 Unauthorized',
    /^The registry does not accept the user name and password/,
  ],
  [
    'manifest for hub.example/shop:9 not found: manifest unknown: manifest unknown',
    /^The registry has no image hub\.example\/shop:9\.$/,
  ],
  [
    'Get "https://hub.example/v2/": dial tcp: lookup hub.example on 10.0.0.1:53: no such host',
    /^The server finds no registry hub\.example:/,
  ],
  [
    'Get "http://hub.example:5000/v2/": dial tcp 10.0.0.2:5000: connect: connection refused',
    /^The registry hub\.example:5000 does not answer/,
  ],
  [
    'failed to do request: Head "https://hub.example/v2/x/manifests/1": dial tcp 10.0.0.2:443: i/o timeout',
    /^The registry hub\.example does not answer/,
  ],
  [
    'Get "https://hub.example/v2/": x509: certificate signed by unknown authority',
    /certs\.d\/hub\.example\/ca\.crt/,
  ],
  [
    'Get "https://hub.example/v2/": http: server gave HTTP response to HTTPS client',
    /^hub\.example speaks no TLS/,
  ],
  ['toomanyrequests: You have reached your pull rate limit.', /^The registry had too many requests: wait/],
])('%s', (said, told) => {
  expect(plainWords(said)).toMatch(told);
});

test('a registry that was asked too often is told of in words that the control plane knows', () => {
  expect(plainWords('toomanyrequests: Rate exceeded')).toMatch(askedTooOften);
});

test('a service of a container that refuses a connection is no registry', () => {
  const said = 'dial tcp 10.0.0.2:5432: connect: connection refused';
  expect(plainWords(said)).toBe(said);
});
