import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { serversWhere } from '../access/sees.ts';
import {
  inputInvalid,
  isServerKitError,
  permissionDenied,
  ServerKitError,
  unauthenticated,
} from '../errors.ts';
import { each, holds } from '../graphql/access.ts';
import { Authentication } from '../graphql/authentication.ts';
import { contextOf, principalAsking } from '../graphql/http.ts';
import { maskError } from '../graphql/mask-error.ts';
import { readBody, sendJson, type Exchange } from '../http/exchange.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import type { RequestContext } from '../context.ts';
import { actorOf } from './actor.ts';
import { exportEvents, exportFormats } from './export.ts';

/** Rights are looked at again this often (ms), as an export may take long. */
const recheckMs = 5_000;

/** Exports at once: each keeps reading from the database. */
const maxRunning = 4;

const maxBodyBytes = 16 * 1024;

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const id = z.string().max(200);

const requestShape = z.strictObject({
  format: z.enum(['NDJSON', 'CSV']),
  filter: z
    .strictObject({
      action: z.string().max(200).nullish(),
      actorId: id.nullish(),
      actorKind: z.enum(['AGENT', 'ANONYMOUS', 'SYSTEM', 'TOKEN', 'USER']).nullish(),
      from: instant.nullish(),
      outcome: z.enum(['FAILED', 'OK', 'REFUSED']).nullish(),
      serverId: id.nullish(),
      targetId: id.nullish(),
      to: instant.nullish(),
    })
    .nullish(),
});

interface Needs {
  readonly platform: Pick<Platform, 'db' | 'log'>;
  readonly services: Services;
}

/**
 * Answers `POST /audit/export` with the events of a filter as a file, however many, for whoever holds audit:read. It is
 * not a query, because an answer of GraphQL is made in memory.
 */
export function createExportHandler(needs: Needs): (exchange: Exchange) => Promise<void> {
  const { log, db } = needs.platform;
  const authentication = new Authentication(needs);
  let running = 0;

  async function answer(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const { request, response } = exchange;
    const context = await authorised(exchange, signal);
    if (running >= maxRunning) {
      throw new ServerKitError('TOO_MANY_OPERATIONS', 'Other exports are running. Wait for one to end.', {
        details: { limit: maxRunning },
      });
    }
    running += 1;
    try {
      const { format, filter } = parseRequest(await readBody(request, maxBodyBytes));
      const bounded = {
        ...filter,
        actorKind: filter?.actorKind?.toLowerCase(),
        outcome: filter?.outcome?.toLowerCase(),
        to: filter?.to ?? new Date(),
      };
      await needs.services.audit.record(db.prisma, {
        actor: actorOf(context),
        action: 'audit.export',
        parameters: { format, filter: bounded },
      });
      const { type, extension } = exportFormats[format];
      const day = bounded.to.toISOString().slice(0, 10);
      response.writeHead(200, {
        'content-type': type,
        'content-disposition': `attachment; filename="serverkit-audit-${day}.${extension}"`,
        'cache-control': 'no-store',
      });
      let { principal } = context;
      let checkedAt = performance.now();
      const servers = async (): Promise<readonly string[] | undefined> => {
        if (performance.now() - checkedAt > recheckMs) {
          ({ principal } = await authorised(exchange, signal));
          checkedAt = performance.now();
        }
        return serversWhere(principal.rights, 'audit:read')?.in;
      };
      const text = exportEvents({ pool: db.pool, format, filter: bounded, servers });
      await pipeline(Readable.from(text, { objectMode: false }), response, { signal });
    } finally {
      running -= 1;
    }
  }

  /** @throws ServerKitError for whoever may not read the record of any server */
  async function authorised(exchange: Exchange, signal: AbortSignal): Promise<RequestContext> {
    const principal = await principalAsking(exchange, authentication);
    const context = contextOf(exchange, principal, signal, needs);
    if (holds(principal, { access: 'audit:read', where: each })) return context;
    const error = principal.kind === 'anonymous' ? unauthenticated() : permissionDenied('audit:read');
    needs.services.audit.refused({ actor: actorOf(context), action: 'audit.export', code: error.code });
    throw error;
  }

  return async (exchange) => {
    const { response } = exchange;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      await answer(exchange, gone.signal);
    } catch (error) {
      if (gone.signal.aborted) return;
      // Half a file must not look like a whole one: the connection breaks before the end of the body.
      if (response.headersSent) {
        response.destroy();
        if (!isServerKitError(error)) log.error({ err: error }, 'an export of the audit record failed');
        return;
      }
      response.setHeader('connection', 'close');
      sendJson(response, statusOf(error), { errors: [maskError(error, log)] });
    }
  };
}

const statuses: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ORIGIN_REFUSED: 403,
  INPUT_INVALID: 400,
  QUERY_INVALID: 415,
  RATE_LIMITED: 429,
  TOO_MANY_OPERATIONS: 429,
};

function statusOf(error: unknown): number {
  return (isServerKitError(error) && statuses[error.code]) || 500;
}

function parseRequest(body: Buffer): z.infer<typeof requestShape> {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw inputInvalid('', 'The body is not JSON.');
  }
  const parsed = requestShape.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw inputInvalid(issue?.path.join('.') ?? '', issue?.message ?? 'is not valid');
}
