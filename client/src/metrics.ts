import type { Client } from './client.ts';
import {
  ServerMetricsDocument,
  type ServerMetricsSubscription,
  type ServerMetricsSubscriptionVariables,
} from './generated/operations.ts';

export type ServerSample = ServerMetricsSubscription['serverMetrics'];

/**
 * Samples as they are measured: every second of the servers named, every ten seconds of all when none is. A reader who
 * lags gets the newest of each server and misses those in between, so that nothing piles up. Scope: system:metrics:read.
 */
export function watchMetrics(
  client: Client,
  variables: ServerMetricsSubscriptionVariables = {},
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncIterableIterator<ServerSample, undefined> {
  const events = client.subscribe(ServerMetricsDocument, variables, {
    signal,
    backlog: { newestOf: ({ serverMetrics }) => serverMetrics.serverId },
  });
  return {
    async next() {
      const { done, value } = await events.next();
      return done ? { done, value: undefined } : { done: false, value: value.serverMetrics };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
