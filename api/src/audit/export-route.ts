import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { serversWhere } from '../access/sees.ts';
import { inputInvalid, permissionDenied, unauthenticated } from '../errors.ts';
import { each, holds } from '../graphql/access.ts';
import { Authentication } from '../graphql/authentication.ts';
import { contextOf, principalAsking } from '../graphql/http.ts';
import { readBody, type Exchange } from '../http/exchange.ts';
import { fileHandler } from '../http/transfer.ts';
import type { Platform } from '../platform.ts';
import type { Services } from '../services.ts';
import { holderOf, requirePerson, type RequestContext } from '../context.ts';
import { Shares } from '../shares.ts';
import { actorOf } from './actor.ts';
import { exportEvents, exportFormats } from './export.ts';

/** Rights are looked at again this often (ms), as an export may take long. */
const recheckMs = 5_000;

/** Exports at once: each keeps reading from the database. */
const exportsAtOnce = () =>
  new Shares({ each: 2, all: 4, refusal: 'Other exports are running. Wait for one to end.' });

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
  const turns = exportsAtOnce();

  async function answer(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const { request, response } = exchange;
    // What of a body was not read would be taken for the next request.
    response.setHeader('connection', 'close');
    const context = await authorised(exchange, signal);
    using _turn = turns.take(holderOf(requirePerson(context)));
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

  return fileHandler(log, answer);
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
