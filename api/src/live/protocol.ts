import type { ConnectionInitMessage, Server, SubscribePayload } from 'graphql-ws';
import { makeServer } from 'graphql-ws';
import { execute, type ExecutionArgs, type FormattedExecutionResult, type GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { RequestContext } from '../context.ts';
import { ServerKitError } from '../errors.ts';
import type { Admission } from '../graphql/admission.ts';
import type { Documents, Prepared } from '../graphql/documents.ts';
import { maskError } from '../graphql/mask-error.ts';
import { needsOf } from '../graphql/needs.ts';
import type { Connection } from './connection.ts';
import { FanOut } from './fan-out.ts';
import type { Operation } from './operation.ts';
import { PrivateStream } from './private-stream.ts';
import type { SubscriptionRequest } from './subscription.ts';

/** Open operations of one socket. */
const maxOperations = 200;

/** How long a socket may be open without introducing itself, in milliseconds. */
const initTimeout = 10_000;

interface ProtocolNeeds {
  readonly documents: Documents;
  readonly admission: Admission;
  readonly log: Logger;
  /** Checks what the client introduces itself with. @returns false when it was refused and closed */
  readonly introduce: (connection: Connection, params: Readonly<Record<string, unknown>>) => Promise<boolean>;
  /** A context of the connection's principal as it stands now. */
  readonly viewerContext: (connection: Connection, signal: AbortSignal) => RequestContext;
  /** A context without a user. */
  readonly audienceContext: (principal: RequestContext['principal'], signal: AbortSignal) => RequestContext;
}

/** What was found out when an operation was admitted, for the moment it is run. */
interface Run {
  readonly connection: Connection;
  readonly operation: Operation;
  readonly request: SubscriptionRequest;
}

export interface Protocol {
  readonly server: Server<Connection>;
  readonly fanOut: FanOut;
}

/** graphql-transport-ws by graphql-ws, with our own reading, limits, cancelling and sharing put in. */
export function createProtocol(needs: ProtocolNeeds): Protocol {
  const { documents, admission, log } = needs;
  const format = (result: Outcome) => formatResult(result, log);
  const fanOut = new FanOut({
    audienceContext: needs.audienceContext,
    toBody: (result) => JSON.stringify(format(result)),
  });
  const runs = new WeakMap<object, Run>();
  const runOf = ({ contextValue }: ExecutionArgs): Run => {
    const run =
      typeof contextValue === 'object' && contextValue !== null ? runs.get(contextValue) : undefined;
    if (!run) throw new TypeError('An operation reached execution without being admitted.');
    return run;
  };

  /** The last look at an operation before it runs. @returns what to run, or the errors why not */
  const admit = (
    connection: Connection,
    operation: Operation,
    payload: SubscribePayload,
  ): ExecutionArgs | readonly GraphQLError[] => {
    const preparation = documents.prepare(payload.query);
    if (!preparation.ok) return preparation.errors.map((error) => maskError(error, log));
    const variables = payload.variables ?? {};
    const { prepared } = preparation;
    const { operationName } = payload;
    const context = needs.viewerContext(connection, operation.signal);
    try {
      if (connection.running > maxOperations) {
        throw new ServerKitError(
          'TOO_MANY_OPERATIONS',
          `A socket carries ${maxOperations} operations at once.`,
        );
      }
      const admitted = admission.admit({ prepared, operationName, variables }, context);
      operation.release = () => admitted.release();
      const { schema } = documents;
      const { analysis } = admitted;
      operation.needs = needsOf(schema, analysis, variables);
      const request = {
        schema,
        prepared,
        analysis,
        needs: operation.needs,
        operationName,
        variables,
      };
      runs.set(context, { connection, operation, request });
    } catch (error) {
      return [maskError(error, log)];
    }
    return executionArgs(documents, prepared, {
      operationName,
      variableValues: variables,
      contextValue: context,
    });
  };

  const server = makeServer<ConnectionInitMessage['payload'], Connection>({
    connectionInitWaitTimeout: initTimeout,
    onConnect: ({ extra: connection, connectionParams = {} }) =>
      needs.introduce(connection, connectionParams),

    onSubscribe({ extra: connection }, id, payload) {
      const operation = connection.operations.get(id);
      if (!operation) throw new TypeError('An operation was not opened.');
      const { unsettled } = connection;
      return unsettled
        ? unsettled.then(() => admit(connection, operation, payload))
        : admit(connection, operation, payload);
    },

    async execute(args) {
      // Completed by the client while it was being read: a mutation must not run.
      const { operation } = runOf(args);
      if (operation.signal.aborted) return { errors: [ended(operation, log)] };
      return execute(args);
    },

    async subscribe(args) {
      const { connection, operation, request } = runOf(args);
      const { signal, id } = operation;
      if (signal.aborted) return { errors: [ended(operation, log)] };
      if (FanOut.shareable(request, connection.principal)) {
        const { member, opened } = fanOut.join(request, { connection, id, signal });
        operation.stream = member.stream;
        operation.revisable = {
          suspend: () => member.suspend(),
          resume: () => member.resume(),
          revise: (change) => void fanOut.move(member, request, change),
        };
        if (connection.unsettled) member.suspend();
        return (await opened) ?? member.stream;
      }
      const own = new PrivateStream(request, {
        context: () => needs.viewerContext(connection, signal),
        unsettled: () => connection.unsettled,
      });
      operation.revisable = own;
      const stream = await own.open();
      if (!('fail' in stream)) return stream;
      operation.stream = stream;
      // It may have lost what it needs while it was being opened.
      if (operation.failure) stream.fail(operation.failure);
      return stream;
    },

    onNext: (_ctx, _id, _payload, _args, result) => format(result),
    onError: (_ctx, _id, _payload, errors) => errors.map((error) => maskError(error, log).toJSON()),
  });
  return { server, fanOut };
}

function executionArgs(
  { schema }: Documents,
  { document }: Prepared,
  rest: Pick<ExecutionArgs, 'operationName' | 'variableValues' | 'contextValue'>,
): ExecutionArgs {
  return { schema, document, ...rest };
}

/** As graphql-ws has it: what is absent may also be an explicit `undefined`. */
interface Outcome {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
  readonly extensions?: Record<string, unknown> | undefined;
}

function formatResult({ data, errors, extensions }: Outcome, log: Logger): FormattedExecutionResult {
  return {
    ...(data !== undefined && { data }),
    ...(errors && { errors: errors.map((error) => maskError(error, log).toJSON()) }),
    ...(extensions && { extensions }),
  };
}

/** What ended an operation before it was run. */
function ended({ failure }: Operation, log: Logger): GraphQLError {
  return maskError(
    failure ?? new ServerKitError('CANCELLED', 'It was cancelled before anything was done.'),
    log,
  );
}
