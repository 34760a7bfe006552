import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { Failure, failureOf } from './failure.ts';
import { freshSignIn } from './fresh.svelte.ts';
import { live } from './live.svelte.ts';
import { ask, noteEnd, post } from './transport.ts';

/** A generated document: its text, and the types of its answer and variables. */
type Document<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string };

/** An answer. What could not be had is null in `data`, and why stands in `failures`. */
interface Answer<Data> {
  readonly data: Data;
  readonly failures: readonly Failure[];
}

/** Throws a {@link Failure} when there is no data at all. */
export async function query<Data, Variables extends Record<string, unknown>>(
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  return answered(await ask<Data>({ query: document.toString(), variables }));
}

/** The same for what the API tells over HTTP alone, as it may hold secrets. */
export async function queryInConfidence<Data, Variables extends Record<string, unknown>>(
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  return answered(await post<Data>({ query: document.toString(), variables }));
}

function answered<Data>({
  data,
  failures,
}: {
  data: Data | null;
  failures: readonly Failure[];
}): Answer<Data> {
  if (data === null) throw failures[0] ?? new Failure('INTERNAL', 'The answer was empty.');
  return { data, failures };
}

/** The part of an answer that was asked for. @throws Failure why it could not be had */
export function partOf<Part>(part: Part | null | undefined, failures: readonly Failure[]): Part {
  if (part === null || part === undefined)
    throw failures[0] ?? new Failure('NOT_FOUND', 'There is nothing of that name or id.');
  return part;
}

/** Throws a {@link Failure} unless all of it succeeded. A sensitive change asks for the password on its way. */
export async function mutate<Data, Variables extends Record<string, unknown>>(
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, failures } = await post<Data>({ query: document.toString(), variables });
  const [failure] = failures;
  if (failure?.code === 'FRESH_SIGN_IN_REQUIRED' && (await freshSignIn.ask(failure)))
    return mutate(document, variables);
  if (failure) throw failure;
  if (data === null) throw new Failure('INTERNAL', 'The answer was empty.');
  return data;
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
        noteEnd(failures);
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
