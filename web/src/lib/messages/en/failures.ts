import { namesWhatIsMissing, type Failure } from '../../api/failure.ts';
import { createFormats } from '../../format.ts';
import type { ProblemCode } from '../../generated/graphql.ts';
import type { ProblemFacts } from '../types.ts';

const formats = createFormats('en');
const percent = (value: number | null | undefined) => formats.percent(value ?? 0);
const seconds = ({ details }: Failure) => Number(details['retryAfterSeconds'] ?? 0);
const serverOf = ({ details }: Failure) =>
  typeof details['serverName'] === 'string' ? `the agent on ${details['serverName']}` : 'the agent';
const sinceWhen = ({ details }: Failure) =>
  typeof details['since'] === 'string' ? ` since ${formats.dateTime(details['since'])}` : '';

export const problems: Record<ProblemCode, (facts: ProblemFacts) => string> = {
  AGENT_OFFLINE: () => 'Agent offline',
  AGENT_ERROR: () => 'Agent cannot connect',
  CLOCK_SKEW: ({ value }) => `Clock off by ${formats.duration(Math.abs(value ?? 0) / 1000)}`,
  CONTAINER_RESTARTING: ({ subject }) => `${subject ?? 'A container'} keeps restarting`,
  CONTAINER_UNHEALTHY: ({ subject }) => `${subject ?? 'A container'} is unhealthy`,
  CPU_HIGH: ({ value }) => `CPU at ${percent(value)}`,
  DISK_FULL: ({ subject, value }) => `${subject ?? 'Disk'} ${percent(value)} full`,
  DOCKER_UNAVAILABLE: () => 'Docker does not answer',
  MEMORY_HIGH: ({ value }) => `Memory at ${percent(value)}`,
  REGISTRATION_EXPIRED: () => 'Join token expired unused',
  UPDATE_FAILED: ({ subject }) => `Update of ${subject ?? 'a container'} failed`,
};

export const errors = {
  UNAUTHENTICATED: () => 'Your session ended. Sign in again.',
  PERMISSION_DENIED: ({ details }: Failure) =>
    typeof details['scope'] === 'string'
      ? `This needs the scope ${details['scope']}, which you do not hold. Ask an administrator.`
      : 'You may not do this. Ask an administrator.',
  CREDENTIALS_INVALID: () => 'That e-mail address and password do not fit. Check both and try again.',
  SECOND_FACTOR_REQUIRED: () =>
    'This account has a second factor: enter a code of your authenticator app too.',
  SECOND_FACTOR_INVALID: () =>
    'That code does not fit, is too old or was used before. Wait for the next one and try again.',
  FRESH_SIGN_IN_REQUIRED: () => 'Nothing was changed, because you did not confirm that it is you.',
  LINK_INVALID: () => 'This link does not work any more. Ask for another.',
  SETUP_CODE_INVALID: () => 'That is not the setup code. Copy it from the log of the first start.',
  SETUP_DONE: () => 'An administrator exists already. Sign in instead.',
  RATE_LIMITED: (failure: Failure) =>
    seconds(failure) > 0
      ? `Too many attempts. Try again in ${formats.duration(seconds(failure))}.`
      : 'Too many attempts. Wait a minute and try again.',
  ORIGIN_REFUSED: () =>
    'This address is not the one ServerKit is set up for. Open it at its PUBLIC_URL, or change that setting.',
  INPUT_INVALID: ({ message }: Failure) => message,
  QUERY_INVALID: () => 'This page and the server do not understand each other. Reload the page.',
  QUERY_TOO_COMPLEX: () => 'That is too much at once. Ask for less.',
  TOO_MANY_OPERATIONS: () => 'Too many things are under way at once. Close a tab or wait a moment.',
  SLOW_CONSUMER: () => 'This browser could not keep up, so the stream was stopped. Open it again to go on.',
  NOT_FOUND: ({ message }: Failure) =>
    namesWhatIsMissing(message)
      ? message
      : 'It is not there any more. It may have been deleted; go back to the list.',
  CONFLICT: ({ message }: Failure) => message,
  TOKEN_INVALID: () => 'That registration token is not valid. Make a new one in the settings of the server.',
  TOKEN_EXPIRED: () => 'The registration token expired. Make a new one in the settings of the server.',
  TOKEN_USED: () => 'The registration token was used already. Make a new one in the settings of the server.',
  AGENT_OFFLINE: (failure: Failure) =>
    `Nothing was done, because ${serverOf(failure)} is offline${sinceWhen(failure)}. Start it with: systemctl start serverkit-agent`,
  AGENT_TIMEOUT: (failure: Failure) =>
    `There was no answer from ${serverOf(failure)} in time. Look at its state and try again.`,
  AGENT_REFUSED: ({ message }: Failure) =>
    `The agent refused: ${message} What it allows is set in the server's permissions and in the agent's own configuration.`,
  UNSUPPORTED_BY_AGENT: ({ message }: Failure) => message,
  AGENT_FAILED: () => 'The agent failed unexpectedly. Its own log on the server says why.',
  AGENT_PROTOCOL_ERROR: () => 'The agent answered something that makes no sense. Update it and try again.',
  COMPOSE_UNAVAILABLE: ({ message }: Failure) => message,
  DOCKER_UNAVAILABLE: () => 'Docker does not answer on this server. Start it with: systemctl start docker',
  DOCKER_ERROR: ({ message }: Failure) => `Docker refused: ${message}`,
  GIT_UNAVAILABLE: ({ message }: Failure) => message,
  GIT_ERROR: ({ message }: Failure) => message,
  RECORDING_FAILED: ({ message }: Failure) => message,
  RESULT_TOO_LARGE: () => 'The answer is too large. Ask for less.',
  OUTCOME_UNKNOWN: () =>
    'The connection broke while it was carried out. Check its state before you try again.',
  CANCELLED: () => 'It was cancelled before anything was done.',
  UNAVAILABLE: () => 'ServerKit is starting or shutting down. Try again in a moment.',
  NETWORK: () =>
    'ServerKit cannot be reached. Check that it runs and that you are connected, then try again.',
  INTERNAL: ({ details }: Failure) =>
    typeof details['reference'] === 'string'
      ? `Something went wrong on our side. The log has it under ${details['reference']}.`
      : 'Something went wrong on our side. Try again; the log of ServerKit says more.',
};
