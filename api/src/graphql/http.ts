import type { Exchange } from '../http/exchange.ts';
import type { ServerResponse } from 'node:http';
import { createYoga, type Plugin } from 'graphql-yoga';
import { execute, type DocumentNode, type ExecutionArgs, type GraphQLError } from 'graphql';
import { anonymous, type Principal, type RequestContext } from '../context.ts';
import { ServerKitError, type ErrorCode } from '../errors.ts';
import { allowListedPage } from '../http/cors.ts';
import { readBody } from '../http/exchange.ts';
import { readSessionCookie } from '../identity/service.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import type { Admission, Admitted } from './admission.ts';
import { bearerIn, type Authentication, type Claim } from './authentication.ts';
import type { Documents, Prepared } from './documents.ts';
import { limits } from './limits.ts';
import { maskError } from './mask-error.ts';
import { isJson, refuseForeignPages } from './request-guard.ts';

/** Where the second half of a browser session travels. */
const proofHeader = 'x-serverkit-session';

interface Needs {
  readonly platform: Pick<Platform, 'db' | 'log'>;
  readonly services: Services;
  readonly documents: Documents;
  readonly admission: Admission;
  readonly authentication: Authentication;
}

/** Answers `POST /graphql`. */
export function createHttpHandler(needs: Needs): (exchange: Exchange) => Promise<void> {
  const { log } = needs.platform;
  const yoga = createYoga<RequestContext>({
    schema: needs.documents.schema,
    plugins: [useAdmission(needs)],
    maskedErrors: { maskError: (error) => maskError(error, log) },
    maxRequestBodySize: limits.messageBytes,
    graphqlEndpoint: '/graphql',
    // Unused: platform and admission do these.
    parserAndValidationCache: false,
    logging: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
  });

  return async (exchange) => {
    const { request, response } = exchange;
    allowListedPage(exchange);
    let principal: Principal;
    try {
      principal = await principalAsking(exchange, needs.authentication);
    } catch (error) {
      if (!(error instanceof ServerKitError)) throw error;
      return refuse(response, error, log);
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const context = contextOf(exchange, principal, gone.signal, needs);
    const answer = await yoga.fetch(
      `http://serverkit.internal/graphql`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: request.headers.accept ?? '*/*' },
        body: (await readBody(request, limits.messageBytes)).toString('utf8'),
      },
      context,
    );
    if (response.destroyed) return;
    const body = await answer.text();
    response.statusCode = answer.status;
    response.setHeader(
      'content-type',
      answer.headers.get('content-type') ?? 'application/json; charset=utf-8',
    );
    finish(response, body);
  };
}

/**
 * Who asks by HTTP.
 * @throws ServerKitError ORIGIN_REFUSED, QUERY_INVALID for what is not JSON, UNAUTHENTICATED or RATE_LIMITED for a token
 *   that does not work
 */
export async function principalAsking(
  exchange: Exchange,
  authentication: Authentication,
): Promise<Principal> {
  const { request, facts } = exchange;
  const claim = claimOf(exchange);
  // A token is nothing a browser adds by itself, so without a session beside it no page can abuse one.
  if (claim.token === undefined || claim.cookie !== undefined) refuseForeignPages(request, facts);
  if (!isJson(request.headers['content-type'])) {
    throw new ServerKitError(
      'QUERY_INVALID',
      'Send the operation as JSON, with content-type: application/json.',
    );
  }
  return (await authentication.principalOf(claim)) ?? anonymous;
}

function claimOf({ request: { headers }, facts }: Exchange): Claim {
  const proof = headers[proofHeader];
  return {
    cookie: readSessionCookie(headers.cookie, facts),
    proof: typeof proof === 'string' ? proof : undefined,
    token: bearerIn(headers.authorization),
    address: facts.address,
  };
}

/** What is done for whoever asks by HTTP. */
export function contextOf(
  { request, response, facts }: Exchange,
  principal: Principal,
  signal: AbortSignal,
  { platform, services }: Pick<Needs, 'platform' | 'services'>,
): RequestContext {
  return {
    principal,
    address: facts.address,
    userAgent: request.headers['user-agent'] ?? '',
    origin: facts,
    log: platform.log,
    db: platform.db,
    services,
    signal,
    cookies: { set: (cookie) => response.appendHeader('set-cookie', cookie) },
  };
}

/** Statuses of what is refused before an operation is read. */
const statusOf: Partial<Record<ErrorCode, number>> = {
  ORIGIN_REFUSED: 403,
  QUERY_INVALID: 415,
  RATE_LIMITED: 429,
  UNAUTHENTICATED: 401,
};

function refuse(response: ServerResponse, error: ServerKitError, log: Platform['log']): void {
  response.statusCode = statusOf[error.code] ?? 400;
  if (error.code === 'UNAUTHENTICATED')
    response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
  const { retryAfterSeconds } = error.details;
  if (typeof retryAfterSeconds === 'number') response.setHeader('retry-after', retryAfterSeconds);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  // The body was not read, so the connection cannot serve another request.
  response.setHeader('connection', 'close');
  finish(response, JSON.stringify({ errors: [maskError(error, log)] }));
}

function finish(response: ServerResponse, body: string): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}

/** Puts our own reading, limits and counting in place of yoga's parse and validate, and runs graphql-js. */
function useAdmission({ documents, admission, platform: { log } }: Needs): Plugin<RequestContext> {
  const preparedOf = new WeakMap<DocumentNode, Prepared>();
  const admit = (args: ExecutionArgs, context: RequestContext): Admitted | GraphQLError => {
    const prepared = preparedOf.get(args.document);
    if (!prepared) throw new TypeError('A document reached execution without being prepared.');
    const { operationName, variableValues } = args;
    try {
      return admission.admit({ prepared, operationName, variables: variableValues ?? {} }, context);
    } catch (error) {
      return maskError(error, log);
    }
  };
  return {
    onParse({ params, setParsedDocument }) {
      const preparation = documents.prepare(String(params.source));
      if (!preparation.ok) throw new AggregateError(preparation.errors);
      preparedOf.set(preparation.prepared.document, preparation.prepared);
      setParsedDocument(preparation.prepared.document);
    },
    onValidate({ setResult }) {
      setResult([]);
    },
    onExecute({ args, setExecuteFn, setResultAndStopExecution }) {
      const admitted = admit(args, args.contextValue);
      if ('message' in admitted) {
        setResultAndStopExecution({ errors: [admitted] });
        return undefined;
      }
      // What execute throws, instead of answering, yoga does not report as done.
      setExecuteFn((given: ExecutionArgs) => {
        try {
          return execute(given);
        } catch (error) {
          admitted.release();
          throw error;
        }
      });
      return { onExecuteDone: () => admitted.release() };
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      // There is no socket, so it is refused; this finds the words.
      const admitted = admit(args, args.contextValue);
      if ('message' in admitted) setResultAndStopExecution({ errors: [admitted] });
      else admitted.release();
    },
  };
}
