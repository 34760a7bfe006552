import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { RequestContext } from '../context.ts';
import type { Need } from '../graphql/access.ts';
import type { Analysis } from '../graphql/analysis.ts';
import type { Prepared } from '../graphql/documents.ts';
import { beginningsOf, type Beginnings } from '../graphql/beginnings.ts';

/** A subscription as asked for, apart from who asks. */
export interface SubscriptionRequest {
  readonly schema: GraphQLSchema;
  readonly prepared: Prepared;
  readonly analysis: Analysis;
  /** Of the field first, then of what it selects. */
  readonly needs: readonly Need[];
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface OpenSource extends Beginnings {
  readonly events: AsyncIterator<unknown, unknown>;
}

/**
 * Opens the source of events. Once it is open, authorization has been checked.
 * @param told - the event that was told last, when it is opened again: a source that counts goes on after it
 * @returns an execution result with errors when it cannot be opened
 */
export async function openSource(
  request: SubscriptionRequest,
  context: RequestContext,
  told?: unknown,
): Promise<OpenSource | ExecutionResult> {
  const opened = await createSourceEventStream({ ...argsOf(request, context), rootValue: told });
  if (!(Symbol.asyncIterator in opened)) return opened;
  return { events: opened[Symbol.asyncIterator](), ...beginningsOf(opened) };
}

/** What an event looks like to those who asked. Wants a context of its own, as rights are remembered in it. */
export async function executeEvent(
  request: SubscriptionRequest,
  event: unknown,
  context: RequestContext,
): Promise<ExecutionResult> {
  return execute({ ...argsOf(request, context), rootValue: event });
}

function argsOf(
  { schema, prepared, operationName, variables }: SubscriptionRequest,
  contextValue: RequestContext,
): ExecutionArgs {
  return { schema, document: prepared.document, operationName, variableValues: variables, contextValue };
}

/** Lets go of a source without waiting: it may be stuck in something that never ends. */
export function closeSource({ events }: OpenSource): void {
  // A source that fails to close has nobody left to tell.
  events.return?.().catch(() => {});
}
