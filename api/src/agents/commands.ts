import { performance } from 'node:perf_hooks';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Logger } from 'pino';
import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { personOf, type Actor } from '../audit/actor.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { notFound, ServerKitError, type ErrorCode } from '../errors.ts';
import { newId } from '../ids.ts';
import { errorCode } from '../startup-error.ts';
import { agentOffline } from './agent-errors.ts';
import type { AgentLink, Agents } from './link.ts';
import {
  findOutcome,
  isUncertain,
  outcomeUnknown,
  settledBy,
  type CommandState,
  type Settled,
} from './outcome.ts';
import { createReconciler, originOf, scalars } from './reconcile.ts';

/** A change on a managed server, as it is asked for, audited and sent. */
export interface Command<Result, Variables> {
  readonly serverId: string;
  /** noun.verb for the audit, such as `container.stop`. */
  readonly action: string;
  readonly target?: AuditTarget;
  readonly scope: AgentScope;
  /**
   * What it is authorised with besides, where only the agent can tell whether it needs it: of these, those that the one who
   * asks holds. @default none
   */
  readonly heldScopes?: readonly AgentScope[];
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
  /**
   * The link of a server, where the scope is allowed.
   *
   * @throws ServerKitError NOT_FOUND, AGENT_OFFLINE, AGENT_REFUSED
   */
  link(serverId: string, scope: AgentScope): Promise<AgentLink>;
  /** Asks a freshly linked agent what became of the commands nobody heard back about. */
  reconcile(link: AgentLink): Promise<void>;
  /** Asks every agent that is linked and has such commands. @throws when the database fails */
  reconcileAll(): Promise<void>;
}

export interface CommandPace {
  /** How long a caller waits for a lost link to come back before it is told that the outcome is unknown. @default 20_000 */
  readonly returnWaitMs: number;
}

export interface CommandOptions {
  readonly db: Database;
  readonly audit: Audit;
  readonly agents: Agents;
  readonly log: Logger;
  readonly pace?: Partial<CommandPace>;
}

export function createCommands({ db, audit, agents, log, pace = {} }: CommandOptions): Commands {
  const { prisma } = db;
  const inFlight = new Set<string>();
  const reconciler = createReconciler({
    db,
    agents,
    isInFlight: (id) => inFlight.has(id),
    settle: (row, settled) =>
      close(
        row.id,
        {
          ...originOf(row),
          action: row.operation,
          serverId: row.serverId,
          parameters: scalars(row.parameters),
        },
        settled,
        performance.now(),
      ),
  });

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
        text: `INSERT INTO "Command" ("id", "serverId", "userId", "operation", "parameters", "actor", "target", "state", "sentAt")
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'sent', $8)`,
        values: [
          id,
          command.serverId,
          personOf(command.actor),
          command.action,
          { ...command.parameters },
          command.actor,
          command.target ?? null,
          new Date(),
        ],
      });
    } catch (error) {
      // 23503: the foreign key points nowhere.
      if (errorCode(error) === '23503') throw notFound('server', command.serverId);
      throw error;
    }
  }

  /**
   * The state a command ends in, with its line in the audit, in one transaction.
   *
   * It can be read at once and is not waited for until it is on disk: a database that falls within the next half second
   * loses it, and then it is had again from the agent's journal, which is on disk. Of two who tell the end at once, one
   * does; that of a command whose server was deleted meanwhile has its line too.
   */
  async function close(
    id: string,
    command: Pick<Command<unknown, unknown>, 'actor' | 'action' | 'target' | 'serverId' | 'parameters'>,
    { state, error }: Settled,
    startedAt: number,
  ): Promise<void> {
    const audited = audit.insertion(
      {
        actor: command.actor,
        action: command.action,
        serverId: command.serverId,
        ...(command.target ? { target: command.target } : {}),
        ...(error ? { outcome: isRefusal(error.code) ? 'refused' : 'failed', code: error.code } : {}),
        parameters: { ...command.parameters, commandId: id },
        durationMs: performance.now() - startedAt,
      },
      {
        first: 6,
        where: 'EXISTS (SELECT FROM closed) OR NOT EXISTS (SELECT FROM "Command" WHERE "id" = $1)',
      },
    );
    // One statement is one transaction, and one round trip where four would do the same.
    await db.pool.query({
      name: 'command.close',
      text: `WITH closed AS (
               UPDATE "Command" SET "state" = $2, "errorCode" = $3, "errorMessage" = $4, "finishedAt" = $5
               WHERE "id" = $1 AND "state" IN ('sent', 'unknown') AND "state" <> $2
               AND set_config('synchronous_commit', 'off', true) IS NOT NULL RETURNING 1)
             ${audited.text}`,
      values: [
        id,
        state,
        error?.code ?? null,
        error?.message.slice(0, 1000) ?? null,
        new Date(),
        ...audited.values,
      ],
    });
  }

  /** Runs it and finds out how it ended, whatever happens to the link meanwhile. Never throws. */
  async function attempt<Result, Variables>(
    command: Command<Result, Variables>,
    id: string,
  ): Promise<Settled & { readonly result: Result | null }> {
    try {
      const link = await linkFor(command.serverId, command.scope);
      const result = await link.run(command.document, command.variables, {
        id,
        actor: 'id' in command.actor ? command.actor.id : command.actor.kind,
        scopes: [command.scope, ...(command.heldScopes ?? [])],
        timeoutMs: command.timeoutMs ?? 60_000,
        ...(command.signal ? { signal: command.signal } : {}),
      });
      return { state: 'succeeded', error: null, result };
    } catch (cause) {
      const error =
        cause instanceof ServerKitError ? cause : new ServerKitError('INTERNAL', 'Unexpected', { cause });
      const settled = isUncertain(error)
        ? await settle(command.serverId, id, error)
        : { state: stateOf(error.code), error };
      return { ...settled, result: null };
    }
  }

  async function settle(serverId: string, id: string, lost: ServerKitError): Promise<Settled> {
    const patience = AbortSignal.timeout(pace.returnWaitMs ?? 20_000);
    const outcome = await findOutcome(agents, serverId, id, patience);
    const settled = outcome && settledBy(outcome, lost);
    if (settled) return settled;
    return { state: 'unknown', error: lost.code === 'AGENT_PROTOCOL_ERROR' ? lost : outcomeUnknown(lost) };
  }

  /** Nobody waits for it any more, but its row must still learn the end. */
  function askLater(serverId: string): void {
    const link = agents.get(serverId);
    if (!link || link.closed.aborted) return;
    reconciler.follow(link).catch((error: unknown) => {
      if (!link.closed.aborted) log.warn({ err: error, serverId }, 'open commands were not settled');
    });
  }

  return {
    async run(command) {
      const startedAt = performance.now();
      const id = newId('command');
      // Before its row can be read, or a look for open commands would ask the agent for one that is yet to be sent.
      inFlight.add(id);
      await begin(id, command).catch((error: unknown) => {
        inFlight.delete(id);
        throw error;
      });
      const { result, ...settled } = await attempt(command, id);
      await close(id, command, settled, startedAt).catch((cause: unknown) =>
        log.error({ err: cause, commandId: id }, 'the outcome of a command could not be stored'),
      );
      inFlight.delete(id);
      if (settled.state === 'unknown') askLater(command.serverId);
      if (!settled.error) return result;
      // What nobody expected stays what it was, for the log.
      const { cause } = settled.error;
      throw settled.error.code === 'INTERNAL' && cause instanceof Error ? cause : settled.error;
    },

    link: linkFor,
    reconcile: (link) => reconciler.follow(link),
    reconcileAll: () => reconciler.followAll(),
  };
}

function stateOf(code: ErrorCode): CommandState {
  if (code === 'AGENT_OFFLINE') return 'not_sent';
  return isRefusal(code) ? 'refused' : 'failed';
}

function isRefusal(code: ErrorCode): boolean {
  return code === 'AGENT_REFUSED' || code === 'PERMISSION_DENIED';
}
