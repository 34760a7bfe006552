import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Logger } from 'pino';
import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { isServerKitError, notFound, ServerKitError, type ErrorCode } from '../errors.ts';
import { newId } from '../ids.ts';
import { errorCode } from '../startup-error.ts';
import { agentOffline } from './agent-errors.ts';
import type { AgentLink, Agents } from './link.ts';
import { OperationOutcomeDocument } from './operations.ts';

/** A change on a managed server, as it is asked for, audited and sent. */
export interface Command<Result, Variables> {
  readonly serverId: string;
  /** noun.verb for the audit, such as `container.stop`. */
  readonly action: string;
  readonly target?: AuditTarget;
  readonly scope: AgentScope;
  readonly document: TypedDocumentNode<Result, Variables>;
  readonly variables: Variables;
  /** What of the variables may be kept; never a secret. */
  readonly parameters?: Readonly<Record<string, string | number | boolean | null>>;
  readonly actor: Actor;
  /** How long the agent may take once it has begun. Milliseconds. @default 60_000 */
  readonly timeoutMs?: number;
  /** Aborted when the one who asked has left; then it is cancelled if nothing has happened yet. */
  readonly signal?: AbortSignal;
}

export interface Commands {
  /**
   * Runs a command: on record before it is sent, its outcome found out even when the link breaks meanwhile.
   *
   * @returns null when it was carried out but its answer was lost with the link
   * @throws ServerKitError
   */
  run<Result, Variables>(command: Command<Result, Variables>): Promise<Result | null>;
  /** Asks a freshly linked agent what became of the commands nobody heard back about. */
  reconcile(link: AgentLink): Promise<void>;
}

/** How long a caller waits for a lost link to come back before it is told that the outcome is unknown. Milliseconds. */
const returnWaitMs = 20_000;

export interface CommandOptions {
  readonly db: Database;
  readonly audit: Audit;
  readonly agents: Agents;
  readonly log: Logger;
}

export function createCommands({ db, audit, agents, log }: CommandOptions): Commands {
  const { prisma } = db;
  const inFlight = new Set<string>();

  async function linkFor(serverId: string, scope: AgentScope): Promise<AgentLink> {
    const link = agents.get(serverId);
    if (!link || link.closed.aborted) {
      const server = await prisma.server.findUnique({ where: { id: serverId } });
      if (!server) throw notFound('server', serverId);
      throw agentOffline(server.name, server.lastSeenAt);
    }
    if (!link.scopes.has(scope)) {
      throw new ServerKitError(
        'AGENT_REFUSED',
        `This server does not allow ${scope}. Widen its permissions in its settings, and on the host with "serverkit-agent config allow ${scope}" if its own configuration forbids it.`,
        { details: { scope } },
      );
    }
    return link;
  }

  /** Puts the command on record; nothing is sent before that. */
  async function begin(
    id: string,
    command: Omit<Command<unknown, unknown>, 'document' | 'variables'>,
  ): Promise<void> {
    try {
      await db.pool.query({
        name: 'command.begin',
        text: `INSERT INTO "Command" ("id", "serverId", "userId", "operation", "parameters", "state", "sentAt")
               VALUES ($1, $2, $3, $4, $5, 'sent', $6)`,
        values: [
          id,
          command.serverId,
          command.actor.kind === 'user' ? command.actor.id : null,
          command.action,
          { ...command.parameters },
          new Date(),
        ],
      });
    } catch (error) {
      // 23503: the foreign key points nowhere.
      if (errorCode(error) === '23503') throw notFound('server', command.serverId);
      throw error;
    }
  }

  /** The state a command ends in, with its line in the audit, in one transaction. */
  async function close(
    id: string,
    command: Pick<Command<unknown, unknown>, 'actor' | 'action' | 'target' | 'serverId' | 'parameters'>,
    error: ServerKitError | null,
    startedAt: number,
  ): Promise<void> {
    const audited = audit.insertion(
      {
        actor: command.actor,
        action: command.action,
        serverId: command.serverId,
        ...(command.target ? { target: command.target } : {}),
        ...(error
          ? { outcome: error.code === 'AGENT_REFUSED' ? 'refused' : 'failed', code: error.code }
          : {}),
        parameters: { ...command.parameters, commandId: id },
        durationMs: performance.now() - startedAt,
      },
      6,
    );
    // One statement is one transaction, and one round trip where four would do the same.
    await db.pool.query({
      name: 'command.close',
      text: `WITH audited AS (${audited.text})
             UPDATE "Command" SET "state" = $2, "errorCode" = $3, "errorMessage" = $4, "finishedAt" = $5 WHERE "id" = $1`,
      values: [
        id,
        error ? stateOf(error.code) : 'succeeded',
        error?.code ?? null,
        error?.message.slice(0, 1000) ?? null,
        new Date(),
        ...audited.values,
      ],
    });
  }

  async function attempt<Result, Variables>(
    command: Command<Result, Variables>,
    id: string,
  ): Promise<Result | null> {
    const link = await linkFor(command.serverId, command.scope);
    try {
      return await link.run(command.document, command.variables, {
        id,
        actor: 'id' in command.actor ? command.actor.id : command.actor.kind,
        scopes: [command.scope],
        timeoutMs: command.timeoutMs ?? 60_000,
        ...(command.signal ? { signal: command.signal } : {}),
      });
    } catch (error) {
      if (!isUncertain(error)) throw error;
      const back = await waitForLink(command.serverId, link.epoch);
      if (!back) throw outcomeUnknown(error);
      return settleBy(await outcomeOf(back, id), error);
    }
  }

  async function waitForLink(serverId: string, notEpoch: number): Promise<AgentLink | undefined> {
    const current = agents.get(serverId);
    if (current && !current.closed.aborted) return current;
    const arrived = new Promise<AgentLink>((resolve) => {
      const list = waiting.get(serverId) ?? [];
      list.push((link) => link.epoch !== notEpoch && resolve(link));
      waiting.set(serverId, list);
    });
    const timeUp = new AbortController();
    try {
      return await Promise.race([
        arrived,
        sleep(returnWaitMs, undefined, { signal: timeUp.signal }).catch(() => undefined),
      ]);
    } finally {
      timeUp.abort();
      waiting.delete(serverId);
    }
  }
  const waiting = new Map<string, ((link: AgentLink) => void)[]>();
  agents.onUp((link) => {
    for (const tell of waiting.get(link.serverId) ?? []) tell(link);
  });

  return {
    async run(command) {
      const startedAt = performance.now();
      const id = newId('command');
      await begin(id, command);
      inFlight.add(id);
      try {
        const result = await attempt(command, id);
        await close(id, command, null, startedAt);
        return result;
      } catch (error) {
        const known =
          error instanceof ServerKitError
            ? error
            : new ServerKitError('INTERNAL', 'Unexpected', { cause: error });
        await close(id, command, known, startedAt).catch((cause: unknown) =>
          log.error({ err: cause, commandId: id }, 'the outcome of a command could not be stored'),
        );
        throw error;
      } finally {
        inFlight.delete(id);
      }
    },

    async reconcile(link) {
      const open = await prisma.command.findMany({
        where: {
          serverId: link.serverId,
          state: { in: ['sent', 'unknown'] },
          createdAt: { gt: yesterday() },
        },
        take: 1_000,
      });
      for (const row of open) {
        if (inFlight.has(row.id)) continue;
        const outcome = await outcomeOf(link, row.id).catch(() => null);
        if (!outcome || outcome.state === 'STARTED') continue;
        const error = errorOf(outcome);
        await close(
          row.id,
          {
            actor: { kind: 'system', label: 'reconciliation' },
            action: row.operation,
            serverId: row.serverId,
            parameters: scalars(row.parameters),
          },
          error,
          performance.now(),
        );
      }
    },
  };
}

type Outcome = Awaited<ReturnType<typeof outcomeOf>>;

async function outcomeOf(link: AgentLink, id: string) {
  const { operationOutcome } = await link.run(
    OperationOutcomeDocument,
    { id },
    { actor: 'system', scopes: [] },
  );
  return operationOutcome;
}

/** What the agent's journal says about a command whose answer was lost; null = it was carried out. */
function errorOf(outcome: Outcome): ServerKitError | null {
  switch (outcome.state) {
    case 'SUCCEEDED':
      return null;
    case 'FAILED':
    case 'REFUSED':
      return new ServerKitError('AGENT_FAILED', outcome.errorMessage ?? 'The agent could not carry it out.', {
        details: { agentCode: outcome.errorCode ?? null },
      });
    case 'UNKNOWN':
      return new ServerKitError(
        'AGENT_OFFLINE',
        'The link broke before the agent began; nothing was done. Try again.',
      );
    default:
      return outcomeUnknown();
  }
}

function settleBy(outcome: Outcome, cause: unknown): null {
  const error = errorOf(outcome);
  if (!error) return null;
  error.cause ??= cause;
  throw error;
}

function isUncertain(error: unknown): boolean {
  return isServerKitError(error, 'OUTCOME_UNKNOWN') || isServerKitError(error, 'AGENT_TIMEOUT');
}

function outcomeUnknown(cause?: unknown): ServerKitError {
  return new ServerKitError(
    'OUTCOME_UNKNOWN',
    'It was sent, and whether it was carried out is not known yet: the link broke. Look at the server; the audit will say once the agent is back.',
    { cause },
  );
}

function stateOf(code: ErrorCode): string {
  if (code === 'AGENT_OFFLINE') return 'not_sent';
  if (code === 'AGENT_REFUSED') return 'refused';
  return code === 'OUTCOME_UNKNOWN' || code === 'AGENT_TIMEOUT' ? 'unknown' : 'failed';
}

function yesterday(): Date {
  return new Date(Date.now() - 24 * 60 * 60 * 1000);
}

function scalars(value: Prisma.JsonValue): Record<string, string | number | boolean | null> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) =>
      entry === undefined || typeof entry === 'object' ? [] : [[key, entry] as const],
    ),
  );
}
