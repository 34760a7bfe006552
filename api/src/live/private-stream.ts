import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.ts';
import { EventStream } from './event-stream.ts';
import { closeSource, executeEvent, openSource, type SubscriptionRequest } from './subscription.ts';

/**
 * Executes a subscription for one viewer, at the viewer's own pace: the next event is taken when the last was sent.
 * @param newContext - one for each event, with the rights held then
 */
export async function privateStream(
  request: SubscriptionRequest,
  newContext: () => RequestContext,
): Promise<EventStream<ExecutionResult> | ExecutionResult> {
  const opened = await openSource(request, newContext());
  if (!('events' in opened)) return opened;
  let first: unknown[] | undefined;
  const step = async (): Promise<IteratorResult<ExecutionResult, undefined>> => {
    first ??= [...((await opened.snapshot?.(newContext())) ?? [])];
    const { done, value } = first.length > 0 ? { value: first.shift() } : await opened.events.next();
    if (done) return { done: true, value: undefined };
    return { done: false, value: await executeEvent(request, value, newContext()) };
  };
  return new EventStream(step, () => closeSource(opened));
}
