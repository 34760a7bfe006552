import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import {
  getOperationAST,
  GraphQLError,
  parse,
  type ExecutionResult,
  type GraphQLFormattedError,
} from 'graphql';
import { createClient } from 'graphql-ws';
import { readProof } from './session.ts';

type Headers = Readonly<Record<string, string>>;

const endpoint = '/graphql';

/**
 * Sends operations as whoever is signed in; or, when the Headers tab names an `Authorization`, as that token and without
 * the session, which would be refused beside it.
 */
export const fetcher: Fetcher = (params, options) => {
  const headers = textsOf(options?.headers);
  return isSubscription(params) ? subscribe(params, headers) : post(params, headers);
};

/** What the page itself knows of the text is a moment old. */
function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false; // The API says what is wrong with it.
  }
}

const textsOf = (headers: object = {}): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));

const parseAnswer: (text: string) => ExecutionResult = JSON.parse;

async function post(params: FetcherParams, headers: Headers): Promise<ExecutionResult> {
  const token = 'authorization' in headers;
  const proof = token ? null : readProof();
  const answer = await fetch(endpoint, {
    method: 'POST',
    credentials: token ? 'omit' : 'same-origin',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...(proof !== null && { 'x-serverkit-session': proof }),
      ...headers,
    },
    body: JSON.stringify(params),
  });
  return parseAnswer(await answer.text());
}

/** A socket of its own for each, as each may be somebody else's. */
function subscribe({ query, variables, operationName }: FetcherParams, headers: Headers) {
  const url = new URL(endpoint, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const { authorization } = headers;
  const client = createClient({
    url: url.href,
    connectionParams: authorization === undefined ? { session: readProof() } : { authorization },
  });
  return worded(client.iterate({ query, variables: recordOf(variables), operationName }));
}

const recordOf = (variables: unknown): Record<string, unknown> =>
  typeof variables === 'object' ? { ...variables } : {};

/** What comes over the socket, for which graphql-ws has types of its own. */
interface Answer {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
}

type Results<Result> = AsyncGenerator<Result, undefined>;

/**
 * Puts into words what ends a subscription, where the page would show an empty object.
 *
 * @yields what comes, as the page knows it
 */
async function* worded(results: AsyncIterable<Answer>): Results<ExecutionResult> {
  try {
    for await (const { data, errors } of results) {
      yield {
        ...(data !== undefined && { data }),
        ...(errors && { errors: errors.map(({ message, ...rest }) => new GraphQLError(message, rest)) }),
      };
    }
  } catch (error) {
    if (error instanceof CloseEvent)
      throw new Error(error.reason || `The connection was lost (${error.code}).`, { cause: error });
    throw error;
  }
}
