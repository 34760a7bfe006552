import { Failure, failureOf, type GraphQLErrorLike } from './failure.ts';
import { live } from './live.svelte.ts';
import { readProof } from './proof.ts';

/** What a request sends. */
export interface Payload {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** What came back: data, what is missing of it and why, or both. */
export interface RawAnswer<Data> {
  readonly data: Data | null;
  readonly failures: readonly Failure[];
}

interface Body<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphQLErrorLike[];
}

let unauthenticated: () => void = () => undefined;

/** Sets what happens when the API says that nobody is signed in. */
export function onUnauthenticated(listener: () => void): void {
  unauthenticated = listener;
}

let denied: () => void = () => undefined;

/** Sets what happens when something that was followed ends, because its right was taken away. */
export function onDenied(listener: () => void): void {
  denied = listener;
}

/** What ended a subscription: besides the session, a right may be gone that was there when it began. */
export function noteEnd(failures: readonly Failure[]): void {
  noteFailures(failures);
  if (failures.some(({ code }) => code === 'PERMISSION_DENIED')) denied();
}

function noteFailures(failures: readonly Failure[]): void {
  if (failures.some(({ code }) => code === 'UNAUTHENTICATED')) unauthenticated();
}

function answerOf<Data>({ data = null, errors = [] }: Body<Data>): RawAnswer<Data> {
  const failures = errors.map(failureOf);
  noteFailures(failures);
  return { data, failures };
}

/** @throws Failure NETWORK when nobody answers */
async function send(path: string, body: unknown, accept: string): Promise<Response> {
  const proof = readProof();
  try {
    return await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'content-type': 'application/json',
        accept,
        ...(proof !== null && { 'X-ServerKit-Session': proof }),
      },
      body: JSON.stringify(body),
    });
  } catch (error) {
    throw unreachable(error);
  }
}

const unreachable = (error: unknown): Failure =>
  new Failure('NETWORK', error instanceof Error ? error.message : String(error));

async function readBody<Data>(response: Response): Promise<RawAnswer<Data>> {
  const parse: (text: string) => Body<Data> = JSON.parse;
  try {
    return answerOf(parse(await response.text()));
  } catch (error) {
    throw unreachable(error);
  }
}

/**
 * One operation over HTTP. Changes go this way, because an answer may set the cookie of the session.
 * @throws Failure NETWORK when no answer of the API came
 */
export async function post<Data>(payload: Payload): Promise<RawAnswer<Data>> {
  return readBody(await send('/graphql', payload, 'application/graphql-response+json, application/json'));
}

/**
 * A file that the API makes as it sends it. Half of one is none.
 * @throws Failure
 */
export async function download(path: string, body: unknown): Promise<{ name: string; content: Blob }> {
  const response = await send(path, body, '*/*');
  if (!response.ok) {
    const { failures } = await readBody(response);
    throw failures[0] ?? new Failure('INTERNAL', response.statusText);
  }
  const [, name] = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
  try {
    return { name: name ?? 'serverkit', content: await response.blob() };
  } catch (error) {
    throw unreachable(error);
  }
}

/**
 * A question over the socket while it is up, so that a page on show asks nothing over HTTP. Nothing is kept: what the
 * pages hold is kept current by subscriptions, and a second copy would only grow old beside it.
 */
export function ask<Data>(payload: Payload): Promise<RawAnswer<Data>> {
  if (live.state !== 'live') return post(payload);
  return new Promise((resolve, reject) => {
    let answer: Body<Data> = {};
    live.subscribe<Data>(payload, {
      next: ({ data, errors }) => (answer = { ...(data && { data }), ...(errors && { errors }) }),
      error: (reason) =>
        Array.isArray(reason)
          ? resolve(answerOf<Data>({ errors: reason }))
          : reject(new Failure('NETWORK', String(reason))),
      complete: () => resolve(answerOf(answer)),
    });
  });
}
