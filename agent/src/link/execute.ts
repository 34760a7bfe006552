import {
  execute,
  subscribe,
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { Envelope } from '@serverkit/wire/envelope.ts';
import { grants, intersect, isScope, type Scope } from '@serverkit/wire/scopes.ts';
import type { AgentServices, OperationContext } from '../context.ts';
import { AgentError, describe } from '../errors.ts';
import { createCreditWindow, type GrantedWindow } from './credits.ts';
import { createDocumentCache, type Prepared } from './documents.ts';
import type { Session } from './session.ts';

/** Operations that one link may have under way. */
const maxActive = 256;

interface Running {
  readonly controller: AbortController;
  readonly context: OperationContext;
  readonly credits: GrantedWindow;
  readonly prepared: Prepared;
}

/** Runs the operations of one link: admits, authorises, journals, executes, cancels. */
export interface Executor {
  /** @throws AgentError when the operation may not run */
  prepare(messageId: string, signed: unknown): ExecutionArgs;
  execute(args: ExecutionArgs): Promise<ExecutionResult>;
  subscribe(args: ExecutionArgs): ReturnType<typeof subscribe>;
  /** The control plane no longer wants the operation. */
  cancel(messageId: string): void;
  grant(streamId: string, bytes: number): void;
  /** Forgets an operation that ended. */
  ended(messageId: string): void;
  /** The link is gone: everything under way is told. */
  close(): void;
}

export interface ExecutorOptions {
  readonly schema: GraphQLSchema;
  readonly services: AgentServices;
  readonly session: Session;
  /** Resolves when the socket can take bulk without delaying control messages. */
  readonly roomToSend: () => Promise<void>;
}

const preparedBySchema = new WeakMap<GraphQLSchema, ReturnType<typeof createDocumentCache>>();

function documentsOf(schema: GraphQLSchema): ReturnType<typeof createDocumentCache> {
  const known = preparedBySchema.get(schema) ?? createDocumentCache(schema);
  preparedBySchema.set(schema, known);
  return known;
}

export function createExecutor({ schema, services, session, roomToSend }: ExecutorOptions): Executor {
  const prepareDocument = documentsOf(schema);
  const running = new Map<string, Running>();
  const contexts = new WeakMap<ExecutionArgs, Running>();

  function admit(messageId: string, signed: unknown): Envelope {
    try {
      return session.admit(messageId, signed);
    } catch (error) {
      // Whoever sent this could not prove who they are, so no name is written down but the message's.
      refuse({ operationId: messageId, actor: 'unproven', field: '' }, error);
      throw error;
    }
  }

  function refuse(entry: { operationId: string; actor: string; field: string }, error: unknown): void {
    const code = error instanceof AgentError ? error.code : 'AGENT_INTERNAL';
    services.audit.record({ ...entry, outcome: 'refused', code });
  }

  function authorise(prepared: Prepared, envelope: Envelope): Set<Scope> {
    const local = services.policy.scopes();
    const rootType = schema.getRootType(prepared.operation.operation);
    for (const name of prepared.rootFields) {
      try {
        check(name);
      } catch (error) {
        refuse({ operationId: envelope.id, actor: envelope.actor, field: name }, error);
        throw error;
      }
    }
    return new Set(intersect(envelope.scopes, session.serverScopes, local));

    function check(name: string): void {
      const scope = rootType?.getFields()[name]?.extensions['scope'];
      if (scope === 'link' || name === '__typename') return;
      // A field that names no scope can be run by nobody.
      if (typeof scope !== 'string' || !isScope(scope))
        throw denied('SCOPE_DENIED', name, 'is not open to anyone');
      if (!grants(envelope.scopes, scope))
        throw denied('SCOPE_DENIED', name, `was not authorised with ${scope}`);
      if (!grants(session.serverScopes, scope)) {
        throw denied('SCOPE_DENIED', name, `needs ${scope}, which this server's permissions leave out`);
      }
      if (!grants(local, scope)) {
        throw denied(
          'POLICY_DENIED',
          name,
          `needs ${scope}, which the agent's own configuration forbids; on the host run: serverkit-agent config allow ${scope}`,
        );
      }
    }
  }

  return {
    prepare(messageId, signed) {
      const envelope = admit(messageId, signed);
      if (running.size >= maxActive) {
        throw new AgentError(
          'TOO_MANY_OPERATIONS',
          'This agent is busy; try again when something has ended.',
        );
      }
      const prepared = prepareDocument(envelope.query, envelope.operationName);
      const scopes = authorise(prepared, envelope);
      const controller = new AbortController();
      const credits = createCreditWindow(windowOf(envelope.variables), controller.signal, roomToSend);
      const context: OperationContext = {
        operationId: messageId,
        actor: envelope.actor,
        scopes,
        signal: controller.signal,
        credits,
        services,
      };
      const operation: Running = { controller, context, credits, prepared };
      running.set(messageId, operation);
      const args: ExecutionArgs = {
        schema,
        document: prepared.document,
        operationName: envelope.operationName,
        variableValues: envelope.variables,
        contextValue: context,
      };
      contexts.set(args, operation);
      return args;
    },
    async execute(args) {
      const operation = runningOf(args);
      if (operation.prepared.operation.operation !== 'mutation') return execute(args);
      return executeMutation(operation, args);
    },
    subscribe: (args) => subscribe(args),
    cancel: (messageId) => running.get(messageId)?.controller.abort(),
    grant: (streamId, bytes) => running.get(streamId)?.credits.grant(bytes),
    ended: (messageId) => {
      running.get(messageId)?.controller.abort();
      running.delete(messageId);
    },
    close() {
      for (const { controller } of running.values()) controller.abort();
      running.clear();
    },
  };

  function runningOf(args: ExecutionArgs): Running {
    const operation = contexts.get(args);
    if (!operation) throw new AgentError('CANCELLED', 'The operation was cancelled before it began.');
    return operation;
  }

  /** Writes down that the change begins, durably, before anything happens; then how it ended. */
  async function executeMutation(
    { context, prepared }: Running,
    args: ExecutionArgs,
  ): Promise<ExecutionResult> {
    const field = prepared.rootFields[0] ?? '';
    if (context.signal.aborted)
      throw new AgentError('CANCELLED', 'The operation was cancelled before it began.');
    await services.journal.started(context.operationId, field);
    const result = await execute(args);
    const problem = result.errors?.[0];
    const code = problem ? codeOf(problem) : undefined;
    await services.journal.finished(
      context.operationId,
      problem ? 'FAILED' : 'SUCCEEDED',
      code,
      problem && code !== 'AGENT_INTERNAL' ? problem.message : undefined,
    );
    services.audit.record({
      operationId: context.operationId,
      actor: context.actor,
      field,
      outcome: problem ? 'failed' : 'succeeded',
      code,
    });
    return result;
  }
}

/** A bulk subscription names its window in the variable `windowBytes`. */
function windowOf(variables: Readonly<Record<string, unknown>>): number {
  const bytes = variables['windowBytes'];
  return typeof bytes === 'number' && bytes > 0 ? Math.min(bytes, bulkWindowBytes) : 0;
}

function denied(code: 'SCOPE_DENIED' | 'POLICY_DENIED', field: string, why: string): AgentError {
  return new AgentError(code, `Refused: ${field} ${why}.`);
}

function agentErrorOf(error: unknown): AgentError | undefined {
  if (error instanceof AgentError) return error;
  return error instanceof GraphQLError ? agentErrorOf(error.originalError) : undefined;
}

export function codeOf(error: GraphQLError): string {
  return agentErrorOf(error)?.code ?? 'AGENT_INTERNAL';
}

/** What may be told of a failure: ours as they are, anything else only that there was one. */
export function mask(error: GraphQLError, log: { error(message: string): void }): GraphQLError {
  const known = agentErrorOf(error);
  const options = {
    ...(error.path === undefined ? {} : { path: error.path }),
    extensions: { code: known?.code ?? 'AGENT_INTERNAL' },
  };
  if (known) return new GraphQLError(known.message, options);
  // Coercion and execution errors of graphql-js itself carry no original error and no secrets of ours.
  if (!error.originalError) {
    return new GraphQLError(error.message, { ...options, extensions: { code: 'DOCUMENT_INVALID' } });
  }
  log.error(`unexpected failure: ${describe(error.originalError)}`);
  return new GraphQLError('The agent failed unexpectedly; its log says why.', options);
}
