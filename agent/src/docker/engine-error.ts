import type { AgentErrorCode } from '@serverkit/wire/errors.ts';
import { AgentError, describe, systemCode } from '../errors.ts';
import { object, parse, text } from './json.ts';

const MAX_MESSAGE = 400;

/** An error reply of the engine as what it means: Docker Engine API, and what 20.10 to 28 were seen to answer. */
export function engineError(status: number, body: string): AgentError {
  const said = text(object(parse(body))['message']) || body;
  const message = tidy(said);
  return new AgentError(
    codeOf(status, said.replace(/^Error response from daemon: /, '')),
    message || `Docker answered with status ${status}.`,
  );
}

function codeOf(status: number, message: string): AgentErrorCode {
  if (status === 404) return 'NOT_FOUND';
  if (status === 409) return 'CONFLICT';
  if (status === 400) return 'INPUT_INVALID';
  // What a network's state forbids: endpoints in it, a name that is the engine's own, subnets that are taken. A plugin that
  // guards the engine answers with the same status.
  if (status === 403 && !/^authorization denied/i.test(message)) return 'CONFLICT';
  // Unpausing what is not paused, or acting on what is going away, is answered as a failure of the engine.
  if (
    status === 500 &&
    /is not (paused|running|connected to)|is already (paused|running)|marked for removal/i.test(message)
  ) {
    return 'CONFLICT';
  }
  if (status === 500 && /invalid (signal|subnet|CIDR|IPAM)/i.test(message)) return 'INPUT_INVALID';
  // A port of the host that something else has.
  if (status === 500 && /port is already allocated|address already in use/i.test(message)) return 'CONFLICT';
  return 'DOCKER_ERROR';
}

/** What people run into every day, in words that say what to do. As 20.10 to 28 tell it. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [
    /Bind for \S*:(\d+) failed: port is already allocated/,
    'Port $1 of the server is taken by another container.',
  ],
  [
    /listen \w+ \S*:(\d+): bind: address already in use|failed to bind host port (?:for )?(?:\[\S*\]|[\d.]+):(\d+)\b.*address already in use/,
    'Port $1$2 of the server is used by another program.',
  ],
  [/The container name "\/?([^"]+)" is already in use/, 'There is a container called $1 already.'],
  [/^remove (\S+): volume is in use - \[/, 'Volume $1 is used by a container. Remove the container first.'],
  [/Container [0-9a-f]{64} is not running$/, 'The container is not running.'],
  [/network (\S+) id \S+ has active endpoints/, 'There are containers in network $1. Disconnect them first.'],
  [/endpoint with name (\S+) already exists in network (\S+)$/, '$1 is in network $2 already.'],
  [
    /^(?:invalid pool request: )?Pool overlaps with other one on this address space$/,
    'Another network of the server has addresses of this subnet. Choose another subnet.',
  ],
  [/^Address already in use$/, 'Another container of this network has that address. Choose another.'],
  [
    /pull access denied for ([^\s,]+)/,
    'There is no image $1, or it is private: check its name, and keep the password of its registry under Settings.',
  ],
  [
    /requested access to the resource is denied/,
    'The registry does not allow it: check the name of the image, and the account that is kept for the registry under Settings.',
  ],
  [
    /no basic auth credentials/,
    'The registry wants a password: keep one for it under Settings, for this server as well.',
  ],
  [
    /unauthorized: (?:authentication required|incorrect username or password)|login attempt to \S+ failed with status: 401/,
    'The registry does not accept the user name and password that it got: change them under Settings.',
  ],
  [/manifest for (\S+) not found/, 'The registry has no image $1.'],
  [registryFailure('no such host'), 'The server finds no registry $1: check the name of the image.'],
  [
    registryFailure('certificate signed by unknown authority'),
    'Docker on the server does not trust the certificate of $1: put its authority into /etc/docker/certs.d/$1/ca.crt.',
  ],
  [
    registryFailure('server gave HTTP response to HTTPS client'),
    '$1 speaks no TLS: Docker on the server takes it once it is among the insecure-registries of /etc/docker/daemon.json.',
  ],
  [
    registryFailure('connection refused|no route to host|network is unreachable|timeout|request canceled'),
    'The registry $1 does not answer the server.',
  ],
  [
    /toomanyrequests/,
    'The registry had too many requests: wait, or keep an account for it under Settings, which may ask more often.',
  ],
];

/** What came of asking a registry, of the host that was asked: `Get "https://host/v2/": dial tcp …`. */
function registryFailure(what: string): RegExp {
  return new RegExp(`(?:Get|Head|Post|Put|Patch) "https?://([^/"]+)/v2/[^"]*": .*(?:${what})`, 'i');
}

/** In our words where it is known, else in Docker's, with ids as short as it shows them itself. */
export function plainWords(line: string): string {
  for (const [pattern, sentence] of sentences) {
    const found = pattern.exec(line);
    if (found) return sentence.replaceAll(/\$(\d)/g, (_all, group: string) => found[Number(group)] ?? '');
  }
  return line.replaceAll(/(?<!sha256:)\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');
}

/** Docker's own words in one line; they may quote a command that a container was given, so they are kept short. */
function tidy(message: string): string {
  const said = message
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .replace(/^Error response from daemon: /, '');
  const line = plainWords(said);
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE - 1)}…` : line;
}

/** The engine was not reached, or fell silent. */
export function connectionError(socket: string, error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError('DOCKER_UNAVAILABLE', `Docker cannot be used: ${reason(socket, error)}.`, error);
}

function reason(socket: string, error: unknown): string {
  switch (systemCode(error)) {
    case 'ENOENT':
      return `there is no ${socket}; Docker is not installed or not running`;
    case 'ECONNREFUSED':
      return `nothing listens on ${socket}; Docker is not running`;
    case 'EACCES':
    case 'EPERM':
      return `the agent's account may not use ${socket}`;
    case 'ECONNRESET':
    case 'EPIPE':
      return 'it closed the connection';
    default:
      return describe(error);
  }
}
