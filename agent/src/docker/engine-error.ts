import type { AgentErrorCode } from '@serverkit/wire/errors.ts';
import { AgentError, describe, systemCode } from '../errors.ts';
import { object, parse, text } from './json.ts';

const MAX_MESSAGE = 400;

/** An error reply of the engine as what it means: Docker Engine API, and what 20.10 to 28 were seen to answer. */
export function engineError(status: number, body: string): AgentError {
  const message = tidy(text(object(parse(body))['message']) || body);
  return new AgentError(codeOf(status, message), message || `Docker answered with status ${status}.`);
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

/** Docker's own words in one line; they may quote a command that a container was given, so they are kept short. */
function tidy(message: string): string {
  const line = message
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .replace(/^Error response from daemon: /, '');
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
