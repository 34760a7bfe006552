import { Client, fetchExchange, mapExchange, subscriptionExchange, type Operation } from '@urql/core';
import { failuresOf, type Failure } from './failure.ts';
import { live } from './live.svelte.ts';
import { readProof } from './proof.ts';

/** Queries take the socket while it is up, so that a page on show asks nothing over HTTP. */
const overSocket = (operation: Operation): boolean => operation.kind === 'query' && live.state === 'live';

let unauthenticated: () => void = () => undefined;

/** Sets what happens when the API says that nobody is signed in. */
export function onUnauthenticated(listener: () => void): void {
  unauthenticated = listener;
}

export function noteFailures(failures: readonly Failure[]): void {
  if (failures.some(({ code }) => code === 'UNAUTHENTICATED')) unauthenticated();
}

/**
 * For queries and mutations. No cache: what the pages hold is kept current by subscriptions, and a second copy would
 * only grow old beside it.
 */
export const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetchOptions: () => {
    const proof = readProof();
    return { credentials: 'same-origin', headers: proof === null ? {} : { 'X-ServerKit-Session': proof } };
  },
  exchanges: [
    mapExchange({ onResult: ({ error }) => noteFailures(failuresOf(error)) }),
    subscriptionExchange({
      isSubscriptionOperation: overSocket,
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: live.subscribe(
            { query: query ?? '', variables: { ...variables } },
            {
              next: ({ data = null, errors }) => sink.next({ data, ...(errors && { errors: [...errors] }) }),
              error: (error) => sink.error(error),
              complete: () => sink.complete(),
            },
          ),
        }),
      }),
    }),
    fetchExchange,
  ],
});
