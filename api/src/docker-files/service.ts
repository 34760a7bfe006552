import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import { readBulk } from '../agents/bulk.ts';
import { protocolError } from '../agents/agent-errors.ts';
import type { AgentService } from '../agents/service.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import { personOf, type Actor } from '../audit/actor.ts';
import type { PersonPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import type { FileContentsSubscription, FilePlaceInput, FilesQuery } from '../generated/agent/graphql.ts';
import { FileContentsDocument, FilesDocument } from './operations.ts';
import { Tickets, type Ticket } from '../http/tickets.ts';
import type { DownloadEnd } from '../http/download.ts';

export type FilePlace = FilePlaceInput;
export type FilePage = FilesQuery['files'];
export type FileEntry = FilePage['items'][number];

/** Where something is, on which server. */
export interface FileSpot {
  readonly serverId: string;
  readonly place: FilePlace;
  /** Absolute. */
  readonly path: string;
}

export interface DownloadRequest extends FileSpot {
  /** All that is there as a tar archive, rather than one file as it is. */
  readonly archive: boolean;
}

/** Who asks, and what of it only the agent can tell whether it is needed. */
export interface Asker {
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly heldScopes: readonly AgentScope[];
}

/** What a ticket for a download stands for. */
export interface Download {
  readonly request: DownloadRequest;
  readonly principal: PersonPrincipal;
  readonly actor: Actor;
}

export interface DownloadedFile {
  /** Empty for the root. */
  readonly name: string;
  /** Null for an archive. */
  readonly sizeBytes: number | null;
}

const read = 'files:read' satisfies AgentScope;

/** Files of containers and volumes, asked of their agents each time: nothing of them is kept here. */
export class DockerFiles {
  readonly #agents: AgentService;
  readonly #audit: Audit;
  readonly #db: Database;
  readonly #downloads = new Tickets<Download>();

  constructor({
    agents,
    audit,
    db,
  }: {
    readonly agents: AgentService;
    readonly audit: Audit;
    readonly db: Database;
  }) {
    this.#agents = agents;
    this.#audit = audit;
    this.#db = db;
  }

  /** What is in a folder, a page of it. @throws ServerKitError AGENT_OFFLINE, NOT_FOUND, CONFLICT, … */
  async list(
    { serverId, place, path }: FileSpot,
    { first, after }: { readonly first: number; readonly after: string | null },
    { actor, signal, heldScopes }: Asker,
  ): Promise<FilePage> {
    const link = await this.#agents.commands.link(serverId, read);
    const { files } = await link.run(
      FilesDocument,
      { place, path, first, after },
      { actor: nameOf(actor), scopes: [read, ...heldScopes], signal },
    );
    if (files.items.length > first) throw protocolError('more of a folder than it was asked for');
    return files;
  }

  /** Puts a download on record and gives the ticket for it. @throws ServerKitError AGENT_OFFLINE, AGENT_REFUSED, … */
  async offerDownload(download: Download): Promise<Ticket> {
    const { request, actor } = download;
    await this.#agents.commands.link(request.serverId, read);
    const ticket = this.#downloads.issue(download);
    await this.#audit.record(this.#db.prisma, {
      actor,
      action: 'file.download',
      serverId: request.serverId,
      target: targetOf(request.place),
      parameters: { path: request.path, archive: request.archive },
    });
    return ticket;
  }

  /** To the first who asks. */
  takeDownload(secret: string): Download | undefined {
    return this.#downloads.take(secret);
  }

  /**
   * What was asked for, at the reader's pace.
   *
   * @yields what it is, then its bytes
   * @throws ServerKitError also in the middle; what came until then is not the whole
   */
  async *read(
    { serverId, ...variables }: DownloadRequest,
    { actor, signal, heldScopes }: Asker,
  ): AsyncGenerator<DownloadedFile | Buffer> {
    const link = await this.#agents.commands.link(serverId, read);
    const pieces = readBulk(
      link,
      {
        document: FileContentsDocument,
        variables: { ...variables, windowBytes: bulkWindowBytes },
        scopes: [read, ...heldScopes],
        pieceOf: ({ piece }: FileContentsSubscription) => piece,
        bytesOf: ({ data }) => data.length,
        weightOf: ({ data }) => data.length + 64,
        noun: 'a file',
      },
      { actor: nameOf(actor), signal },
    );
    let begun = false;
    // What is sent beyond the length that was announced, a browser would take for its next answer.
    let left: number | null = null;
    for await (const { file, data } of pieces) {
      if (begun === (file !== null)) throw protocolError('a download without an order');
      begun = true;
      if (file) {
        left = file.sizeBytes;
        yield file;
        continue;
      }
      const bytes = Buffer.from(data, 'base64');
      if (left !== null && bytes.length > left) throw protocolError('more of a file than its size');
      if (left !== null) left -= bytes.length;
      yield bytes;
    }
    if (!begun) throw protocolError('a download of nothing');
    if (left) throw protocolError('less of a file than its size');
  }

  /** Puts on record how a download ended. */
  async downloaded({ request, actor }: Download, { bytes, code, durationMs }: DownloadEnd): Promise<void> {
    await this.#audit.record(this.#db.prisma, {
      actor,
      action: 'file.downloaded',
      serverId: request.serverId,
      target: targetOf(request.place),
      parameters: { path: request.path, archive: request.archive, bytes },
      durationMs,
      ...(code !== null && { outcome: 'failed' as const, code }),
    });
  }
}

function targetOf({ kind, id }: FilePlace): AuditTarget {
  return { kind: kind.toLowerCase(), id, name: id };
}

function nameOf(actor: Actor): string {
  return personOf(actor) ?? actor.kind;
}
