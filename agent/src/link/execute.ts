import { execute, subscribe, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { AgentServices, OperationContext } from '../context.ts';
import { AgentError, describe, systemCode, throwIfAborted } from '../errors.ts';
import { authorise, Denied } from './authorise.ts';
import { createCreditWindow, type GrantedWindow } from './credits.ts';
import { createDocuments, type Documents, type Fitted, type Schemas } from './documents.ts';
import { codeOf, ownMessageOf } from './masking.ts';
import type { Session } from './session.ts';

/** Operations that one link may have under way, and how many of them may be bulk streams: those that come and go have room. */
const maxActive = 256;
const maxStreams = 192;

/** After so many operations that nobody proved to have sent, somebody on the way is trying. */
const maxUnproven = 10;

interface Running {
  readonly controller: AbortController;
  readonly credits: GrantedWindow;
  readonly isBulk: boolean;
}

/** An operation that may run. */
interface Admitted {
  readonly context: OperationContext;
  readonly fitted: Fitted;
}

/** Runs the operations of one link: admits, authorises, journals, executes, cancels. */
export interface Executor {
  /**
   * Answers at once, so that what is typed stays in order, unless the operation is the first to need more of the schema.
   *
   * @throws AgentError when the operation may not run
   */
  prepare(messageId: string, signed: unknown): ExecutionArgs | Promise<ExecutionArgs>;
  execute(args: ExecutionArgs): Promise<ExecutionResult>;
  subscribe(args: ExecutionArgs): ReturnType<typeof subscribe>;
  isRunning(messageId: string): boolean;
  /** Puts on record that the id of a running operation was presented again. */
  refuseRepeated(messageId: string): void;
  /** True once so many operations failed their proof that the link is better given up. */
  isTamperedWith(): boolean;
  /** The control plane no longer wants the operation. */
  cancel(messageId: string): void;
  grant(streamId: string, bytes: number): void;
  /** Forgets an operation that ended. */
  ended(messageId: string): void;
  /** The link is gone: everything under way is told. */
  close(): void;
}

export interface ExecutorOptions {
  readonly schemas: Schemas;
  readonly services: AgentServices;
  readonly session: Session;
  /** Resolves when a piece of a bulk stream can be sent without delaying control messages. */
  readonly roomToSend: (streamId: string, bytes: number) => Promise<void>;
}

/** Links come and go; what was prepared stays. */
const documentsBySchemas = new WeakMap<Schemas, Documents>();

function documentsOf(schemas: Schemas): Documents {
  const known = documentsBySchemas.get(schemas) ?? createDocuments(schemas);
  documentsBySchemas.set(schemas, known);
  return known;
}

export function createExecutor({ schemas, services, session, roomToSend }: ExecutorOptions): Executor {
  const fit = documentsOf(schemas);
  const running = new Map<string, Running>();
  const admitted = new WeakMap<ExecutionArgs, Admitted>();
  let unproven = 0;

  /** Runs a check; what it refuses is put on this host's own record before it is answered. */
  function onRecord<T>(operationId: string, actor: string, check: () => T): T {
    try {
      return check();
    } catch (error) {
      throw recorded(operationId, actor, error);
    }
  }

  function recorded(operationId: string, actor: string, error: unknown): unknown {
    services.audit.record({
      operationId: operationId.slice(0, 100),
      actor: actor.slice(0, 200),
      field: error instanceof Denied ? error.field : '',
      outcome: 'refused',
      code: codeOf(error),
    });
    return error;
  }

  function streams(): number {
    let count = 0;
    for (const { isBulk } of running.values()) if (isBulk) count += 1;
    return count;
  }

  // Whoever fails this could not prove who they are, so no name is written down but the message's.
  const unprovenActor = 'unproven';

  return {
    prepare(messageId, signed) {
      const envelope = onRecord(messageId, unprovenActor, () => {
        try {
          return session.admit(messageId, signed);
        } catch (error) {
          unproven += 1;
          throw error;
        }
      });
      return onRecord(messageId, envelope.actor, () => {
        const windowBytes = windowOf(envelope.variables);
        if (running.size >= maxActive || (windowBytes > 0 && streams() >= maxStreams)) {
          throw new AgentError(
            'TOO_MANY_OPERATIONS',
            'This agent is busy; try again when something has ended.',
          );
        }
        const controller = new AbortController();
        const credits = createCreditWindow(windowBytes, controller.signal, (bytes) =>
          roomToSend(messageId, bytes),
        );
        running.set(messageId, { controller, credits, isBulk: windowBytes > 0 });

        function admit(fitted: Fitted): ExecutionArgs {
          throwIfAborted(controller.signal);
          const scopes = authorise(fitted.schema, fitted, envelope, {
            serverScopes: session.serverScopes,
            policy: services.policy,
          });
          const context: OperationContext = {
            operationId: messageId,
            actor: envelope.actor,
            scopes,
            signal: controller.signal,
            credits,
            keySession: session.keys,
            services,
          };
          const args: ExecutionArgs = {
            schema: fitted.schema,
            document: fitted.document,
            operationName: envelope.operationName,
            variableValues: envelope.variables,
            contextValue: context,
          };
          admitted.set(args, { context, fitted });
          return args;
        }

        const fitted = fit(envelope.query, envelope.operationName);
        if (!(fitted instanceof Promise)) return admit(fitted);
        return fitted.then(admit).catch((error: unknown) => {
          throw recorded(messageId, envelope.actor, error);
        });
      });
    },
    async execute(args) {
      const operation = admittedOf(args);
      if (operation.fitted.operation.operation !== 'mutation') return execute(args);
      return executeMutation(operation, args);
    },
    subscribe: (args) => subscribe(args),
    isRunning: (messageId) => running.has(messageId),
    refuseRepeated(messageId) {
      services.audit.record({
        operationId: messageId.slice(0, 100),
        actor: unprovenActor,
        field: '',
        outcome: 'refused',
        code: 'ENVELOPE_REPLAYED',
      });
    },
    isTamperedWith: () => unproven >= maxUnproven,
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

  function admittedOf(args: ExecutionArgs): Admitted {
    const operation = admitted.get(args);
    if (!operation) throw new AgentError('CANCELLED', 'The operation was cancelled before it began.');
    return operation;
  }

  /** @throws AgentError when the disk does not take it: then nothing may be done */
  async function begin(id: string, field: string): Promise<void> {
    try {
      await services.journal.started(id, field);
    } catch (error) {
      services.log.error(`the begin of ${id} could not be written down: ${describe(error)}`);
      const code = systemCode(error);
      const why =
        code === 'ENOSPC' || code === 'EDQUOT' ? 'its disk is full' : `its disk fails (${code ?? 'unknown'})`;
      throw new AgentError(
        'AGENT_INTERNAL',
        `Nothing was done: the agent cannot write down what it is about to do, as ${why}.`,
        error,
      );
    }
  }

  /** Writes down that the change begins, durably, before anything happens; and how it ended, beside the answer. */
  async function executeMutation(
    { context, fitted }: Admitted,
    args: ExecutionArgs,
  ): Promise<ExecutionResult> {
    const field = fitted.rootFields[0] ?? '';
    throwIfAborted(context.signal);
    // Nothing may come before it that takes a turn: what is typed must stay in order.
    if (isPassing(fitted, field)) return execute(args);
    await begin(context.operationId, field);
    // The disk took its time: a caller that left meanwhile must not have its way any more.
    const result: ExecutionResult = context.signal.aborted
      ? { errors: [new AgentError('CANCELLED', 'The operation was cancelled before it did anything.')] }
      : await execute(args);
    const problem = result.errors?.[0];
    const code = problem ? codeOf(problem) : undefined;
    // The answer does not wait for the disk: whoever gets it needs no journal. Only if it is lost, and this host falls within
    // the same millisecond, is the change known as interrupted, which then is what can be said of it.
    services.journal
      .finished(context.operationId, problem ? 'FAILED' : 'SUCCEEDED', code, problem && ownMessageOf(problem))
      .catch((error: unknown) =>
        services.log.error(`the end of ${context.operationId} could not be written down: ${describe(error)}`),
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

function isPassing({ schema }: Fitted, field: string): boolean {
  return schema.getMutationType()?.getFields()[field]?.extensions['passing'] === true;
}

/** A bulk subscription names its window in the variable `windowBytes`. */
function windowOf(variables: Readonly<Record<string, unknown>>): number {
  const bytes = variables['windowBytes'];
  return typeof bytes === 'number' && bytes > 0 ? Math.min(bytes, bulkWindowBytes) : 0;
}
