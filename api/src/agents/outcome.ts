import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAgentErrorCode } from '@serverkit/wire/errors.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { OperationOutcomeQuery } from '../generated/agent/graphql.ts';
import { fromAgent } from './agent-errors.ts';
import type { AgentLink, Agents } from './link.ts';
import { OperationOutcomeDocument } from './operations.ts';

/** What an agent's journal says of an operation. */
export type Outcome = OperationOutcomeQuery['operationOutcome'];

/** How a command ended, as its row says it. */
export type CommandState = 'succeeded' | 'failed' | 'refused' | 'not_sent' | 'interrupted' | 'unknown';

export interface Settled {
  readonly state: CommandState;
  /** Null when it was carried out. */
  readonly error: ServerKitError | null;
}

/** How long the agent is left in peace between two questions about a change that is still under way. Milliseconds. */
const askAgainMs = 500;

export async function askOutcome(link: AgentLink, id: string, signal?: AbortSignal): Promise<Outcome> {
  const call = { actor: 'system', scopes: [], ...(signal ? { signal } : {}) };
  return (await link.run(OperationOutcomeDocument, { id }, call)).operationOutcome;
}

/**
 * Finds out what became of an operation whose answer was lost: waits for a link, asks over it, and asks again while
 * the change is still under way or that link breaks as well.
 *
 * @param patience - when it aborts, nothing is known
 */
export async function findOutcome(
  agents: Agents,
  serverId: string,
  id: string,
  patience: AbortSignal,
): Promise<Outcome | undefined> {
  for (;;) {
    const link = await liveLink(agents, serverId, patience);
    if (!link) return undefined;
    try {
      const outcome = await askOutcome(link, id, patience);
      if (outcome.state !== 'STARTED') return outcome;
      await sleep(askAgainMs, undefined, { signal: patience });
    } catch (error) {
      const broke = isServerKitError(error, 'AGENT_OFFLINE') || isServerKitError(error, 'OUTCOME_UNKNOWN');
      if (!broke || patience.aborted) return undefined;
      // It may take a moment until the socket is closed for good.
      if (!link.closed.aborted) await once(link.closed, 'abort', { signal: patience }).catch(() => undefined);
    }
  }
}

async function liveLink(
  agents: Agents,
  serverId: string,
  patience: AbortSignal,
): Promise<AgentLink | undefined> {
  const { promise, resolve } = Promise.withResolvers<AgentLink | undefined>();
  const giveUp = (): void => resolve(undefined);
  const forget = agents.onUp((link) => {
    if (link.serverId === serverId && !link.closed.aborted) resolve(link);
  });
  patience.addEventListener('abort', giveUp, { once: true });
  const current = agents.get(serverId);
  if (patience.aborted) giveUp();
  else if (current && !current.closed.aborted) resolve(current);
  try {
    return await promise;
  } finally {
    forget();
    patience.removeEventListener('abort', giveUp);
  }
}

/**
 * What an outcome means for the command.
 *
 * @param lost - why its answer did not come
 * @returns undefined while it is still under way
 */
export function settledBy(outcome: Outcome, lost?: ServerKitError): Settled | undefined {
  switch (outcome.state) {
    case 'STARTED':
      return undefined;
    case 'SUCCEEDED':
      return { state: 'succeeded', error: null };
    case 'FAILED':
      // The agent noticed in time that nobody waited any more.
      if (outcome.errorCode === 'CANCELLED') return { state: 'failed', error: notBegun(lost) };
      return { state: 'failed', error: failureOf(outcome) };
    case 'REFUSED':
      return { state: 'refused', error: failureOf(outcome) };
    case 'UNKNOWN':
      return { state: 'not_sent', error: notBegun(lost) };
    case 'INTERRUPTED':
    default:
      return {
        state: 'interrupted',
        error: new ServerKitError(
          'OUTCOME_UNKNOWN',
          'The agent ended in the middle of it, so it may or may not have been carried out. Look at the server.',
          { cause: lost },
        ),
      };
  }
}

function failureOf({ errorCode, errorMessage }: Outcome): ServerKitError {
  const message = errorMessage ?? 'The agent could not carry it out; its log on the server says why.';
  if (!isAgentErrorCode(errorCode)) return new ServerKitError('AGENT_FAILED', message);
  return fromAgent([{ message, extensions: { code: errorCode } }]);
}

function notBegun(lost: ServerKitError | undefined): ServerKitError {
  switch (lost?.code) {
    case 'CANCELLED':
      return new ServerKitError('CANCELLED', 'It was cancelled before the agent began; nothing was done.');
    case 'AGENT_TIMEOUT':
      return new ServerKitError(
        'AGENT_TIMEOUT',
        'The agent did not begin in time; nothing was done. It may be busy; try again.',
      );
    default:
      return new ServerKitError(
        'AGENT_OFFLINE',
        'The link broke before the agent began; nothing was done. Try again.',
        { cause: lost },
      );
  }
}

export function outcomeUnknown(cause?: unknown): ServerKitError {
  return new ServerKitError(
    'OUTCOME_UNKNOWN',
    'It was sent, and whether it was carried out is not known yet: the link broke. Look at the server; the audit will say once the agent is back.',
    { cause },
  );
}

/** Whether a failure leaves open what happened on the server. What the agent itself said went wrong does not. */
export function isUncertain({ code, details }: ServerKitError): boolean {
  if (code === 'RESULT_TOO_LARGE') return true;
  return details['agentCode'] === undefined && uncertain.has(code);
}

const uncertain: ReadonlySet<string> = new Set([
  'OUTCOME_UNKNOWN',
  'AGENT_TIMEOUT',
  'CANCELLED',
  'AGENT_PROTOCOL_ERROR',
]);
