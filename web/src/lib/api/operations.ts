import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type { AnyVariables } from '@urql/core';
import { client, noteFailures } from './client.ts';
import { Failure, failureOf, failuresOf } from './failure.ts';
import { live } from './live.svelte.ts';

/** A generated document: its text, and the types of its answer and variables. */
type Document<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string };

/** An answer. What could not be had is null in `data`, and why stands in `failures`. */
export interface Answer<Data> {
  readonly data: Data;
  readonly failures: readonly Failure[];
}

/** Throws a {@link Failure} when there is no data at all. */
export async function query<Data, Variables extends AnyVariables>(
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const result = await client.query<Data, Variables>(document.toString(), variables).toPromise();
  const failures = failuresOf(result.error);
  if (result.data === undefined || result.data === null) {
    throw failures[0] ?? new Failure('INTERNAL', 'The answer was empty.');
  }
  return { data: result.data, failures };
}

/** Throws a {@link Failure} unless all of it succeeded. */
export async function mutate<Data, Variables extends AnyVariables>(
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const result = await client.mutation<Data, Variables>(document.toString(), variables).toPromise();
  const [failure] = failuresOf(result.error);
  if (failure) throw failure;
  if (result.data === undefined || result.data === null)
    throw new Failure('INTERNAL', 'The answer was empty.');
  return result.data;
}

export interface Listener<Data> {
  next: (data: Data) => void;
  /** The API ended it for a reason; it does not come back by itself. */
  failed?: (failure: Failure) => void;
  /** The API said that there is no more to come. */
  ended?: () => void;
}

/**
 * Listens until the returned function is called. A dropped connection is bridged: the subscription starts anew.
 *
 * Goes straight to the socket: urql merges every event into the one before it, so that an error of one event sticks
 * to all that follow, and the end of a subscription looks like its last event again.
 */
export function subscribe<Data, Variables extends Record<string, unknown>>(
  document: Document<Data, Variables>,
  variables: Variables,
  { next, failed, ended }: Listener<Data>,
): () => void {
  let over = false;
  const stop = live.subscribe<Data>(
    { query: document.toString(), variables },
    {
      next: ({ data, errors }) => {
        if (over) return;
        if (data !== undefined && data !== null) next(data);
        else if (errors?.[0]) failed?.(failureOf(errors[0]));
      },
      error: (reason) => {
        if (over) return;
        over = true;
        const failures = Array.isArray(reason)
          ? reason.map(failureOf)
          : [new Failure('NETWORK', String(reason))];
        noteFailures(failures);
        const [failure] = failures;
        if (failure) failed?.(failure);
      },
      complete: () => {
        if (!over) ended?.();
        over = true;
      },
    },
  );
  return () => {
    over = true;
    stop();
  };
}
