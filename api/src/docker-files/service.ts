import type { AgentScope } from '@serverkit/wire/scopes.ts';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import { readBulk } from '../agents/bulk.ts';
import { sendPieces } from '../agents/send-pieces.ts';
import { protocolError } from '../agents/agent-errors.ts';
import type { Command } from '../agents/commands.ts';
import type { AgentService } from '../agents/service.ts';
import type { Audit, AuditTarget } from '../audit/service.ts';
import { personOf, type Actor } from '../audit/actor.ts';
import { holderOf, type PersonPrincipal } from '../context.ts';
import type { Database } from '../database/database.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { FileContentsSubscription, FilePlaceInput, FilesQuery } from '../generated/agent/graphql.ts';
import type { TransferEnd } from '../http/transfer.ts';
import { Tickets, type Ticket } from '../http/tickets.ts';
import { newId } from '../ids.ts';
import {
  AbortFileUploadDocument,
  CreateFileFolderDocument,
  FileContentsDocument,
  FilesDocument,
  FinishFileUploadDocument,
  OpenFileUploadDocument,
  RemoveFileDocument,
  RenameFileDocument,
  WriteFileUploadDocument,
} from './operations.ts';

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

export interface UploadRequest extends FileSpot {
  readonly sizeBytes: number;
  /** Whether a file that is there may be replaced. */
  readonly replace: boolean;
}

/** What a ticket stands for. */
export interface TransferTicket {
  readonly request: FileSpot;
  readonly principal: PersonPrincipal;
  readonly actor: Actor;
}

export interface Download extends TransferTicket {
  readonly request: DownloadRequest;
}

export interface Upload extends TransferTicket {
  /** As the agent knows it. */
  readonly id: string;
  readonly request: UploadRequest;
}

export interface DownloadedFile {
  /** Empty for the root. */
  readonly name: string;
  /** Null for an archive. */
  readonly sizeBytes: number | null;
}

export interface UploadedFile {
  /** Links followed. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** What is asked of the agent. */
type Change<Variables> = Pick<
  Command<{ readonly changed: { readonly path: string } }, Variables>,
  'document' | 'variables' | 'parameters' | 'timeoutMs'
>;

/** A folder with much in it. Milliseconds. */
const removeMs = 11 * 60_000;
const read = 'files:read' satisfies AgentScope;
const write = 'files:write' satisfies AgentScope;
/** Slower than any disk that serves: how long a file may take to be put in its place. Bytes per millisecond. */
const slowest = 1024;

/** Files of containers and volumes, asked of their agents each time: nothing of them is kept here. */
export class DockerFiles {
  readonly #agents: AgentService;
  readonly #audit: Audit;
  readonly #db: Database;
  readonly #downloads = new Tickets<Download>();
  readonly #uploads = new Tickets<Upload>();

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

  /** Makes a folder, on record. @returns its path @throws ServerKitError CONFLICT where something has its name, … */
  createFolder({ serverId, place, path }: FileSpot, asker: Asker): Promise<string> {
    const document = CreateFileFolderDocument;
    return this.#change('file.create-folder', { serverId, place, path }, asker, {
      document,
      variables: { place, path },
    });
  }

  /** Removes a file, or a folder with all that is in it, on record. @returns its path @throws ServerKitError */
  remove({ serverId, place, path }: FileSpot, recursive: boolean, asker: Asker): Promise<string> {
    return this.#change('file.remove', { serverId, place, path }, asker, {
      document: RemoveFileDocument,
      variables: { place, path, recursive },
      parameters: { recursive },
      timeoutMs: removeMs,
    });
  }

  /** Gives a file another name in its folder, on record. @returns its path then @throws ServerKitError */
  rename({ serverId, place, path }: FileSpot, name: string, asker: Asker): Promise<string> {
    return this.#change('file.rename', { serverId, place, path }, asker, {
      document: RenameFileDocument,
      variables: { place, path, name },
      parameters: { name },
    });
  }

  async #change<Variables>(
    action: string,
    { serverId, place, path }: FileSpot,
    { actor, signal, heldScopes }: Asker,
    { parameters = {}, ...change }: Change<Variables>,
  ): Promise<string> {
    const done = await this.#agents.commands.run({
      serverId,
      action,
      target: targetOf(place),
      scope: write,
      heldScopes,
      actor,
      signal,
      parameters: { path, ...parameters },
      ...change,
    });
    // Only the answer was lost.
    return done?.changed.path ?? path;
  }

  /** Puts a download on record and gives the ticket for it. @throws ServerKitError AGENT_OFFLINE, AGENT_REFUSED, … */
  async offerDownload(download: Download): Promise<Ticket> {
    const { request, actor } = download;
    await this.#agents.commands.link(request.serverId, read);
    const ticket = this.#downloads.issue(holderOf(download.principal), download);
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
  async downloaded(download: Download, end: TransferEnd): Promise<void> {
    const { archive } = download.request;
    await this.#record('file.downloaded', download, end, { archive });
  }

  /**
   * Has the agent look whether a file could be put there, and gives the ticket for it. Asking is put on record.
   *
   * @throws ServerKitError CONFLICT, with `exists` among its details where a file is there and is not to be replaced
   */
  async offerUpload(offer: Omit<Upload, 'id'>, { actor, signal, heldScopes }: Asker): Promise<Ticket> {
    const { serverId, ...variables } = offer.request;
    const upload = { ...offer, id: newId('upload') };
    const { replace } = offer.request;
    const begun = performance.now();
    const recorded = (code: string | null): Promise<void> =>
      this.#record(
        'file.upload',
        upload,
        { bytes: offer.request.sizeBytes, code, durationMs: performance.now() - begun },
        { replace },
      );
    const ticket = this.#uploads.issue(holderOf(offer.principal), upload);
    try {
      const link = await this.#agents.commands.link(serverId, write);
      const opened = await link.run(
        OpenFileUploadDocument,
        { id: upload.id, ...variables },
        { actor: nameOf(actor), scopes: [write, ...heldScopes], signal },
      );
      if (!opened.upload.ready) throw alreadyThere();
    } catch (error) {
      this.#uploads.take(ticket.secret);
      await recorded(isServerKitError(error) ? error.code : 'INTERNAL');
      throw error;
    }
    await recorded(null);
    return ticket;
  }

  /** To the first who asks. */
  takeUpload(secret: string): Upload | undefined {
    return this.#uploads.take(secret);
  }

  /**
   * Sends a file to the agent, which keeps it aside.
   *
   * @param pieces - all of it
   * @returns its SHA-256
   * @throws ServerKitError
   */
  async send(
    { id, request: { serverId } }: Upload,
    pieces: AsyncIterable<Buffer>,
    { actor, signal }: Asker,
  ): Promise<string> {
    const link = await this.#agents.commands.link(serverId, write);
    return sendPieces(pieces, (piece) =>
      link.run(WriteFileUploadDocument, { id, ...piece }, { actor: nameOf(actor), scopes: [write], signal }),
    );
  }

  /** Puts an upload in its place, on record. @throws ServerKitError; what was there before is there still then */
  async putInPlace(upload: Upload, sha256: string, asker: Asker): Promise<UploadedFile> {
    const { id, request } = upload;
    const { serverId, place, path, sizeBytes, replace } = request;
    const finished = await this.#agents.commands.run({
      serverId,
      action: 'file.uploaded',
      target: targetOf(place),
      scope: write,
      heldScopes: asker.heldScopes,
      document: FinishFileUploadDocument,
      variables: { id, sha256 },
      parameters: { path, bytes: sizeBytes, replace },
      actor: asker.actor,
      signal: asker.signal,
      timeoutMs: 120_000 + sizeBytes / slowest,
    });
    // Only the answer was lost.
    return finished?.file ?? { path, sizeBytes };
  }

  /** Gives up an upload that did not come whole, and puts that on record. */
  async dropped(upload: Upload, end: TransferEnd): Promise<void> {
    const { id, actor, request } = upload;
    await this.#record('file.uploaded', upload, end, { replace: request.replace });
    const link = this.#agents.links.get(request.serverId);
    // An agent that does not hear of it gives it up by itself.
    await link
      ?.run(AbortFileUploadDocument, { id }, { actor: nameOf(actor), scopes: [write], timeoutMs: 5_000 })
      .catch(() => undefined);
  }

  async #record(
    action: string,
    { request: { serverId, place, path }, actor }: TransferTicket,
    { bytes, code, durationMs }: TransferEnd,
    more: Readonly<Record<string, boolean>>,
  ): Promise<void> {
    const refused = code === 'AGENT_REFUSED' || code === 'PERMISSION_DENIED';
    await this.#audit.record(this.#db.prisma, {
      actor,
      action,
      serverId,
      target: targetOf(place),
      parameters: { path, bytes, ...more },
      durationMs,
      ...(code !== null && { outcome: refused ? ('refused' as const) : ('failed' as const), code }),
    });
  }
}

function alreadyThere(): ServerKitError {
  return new ServerKitError(
    'CONFLICT',
    'There is a file of this name. Ask for it to be replaced, or choose another name.',
    {
      details: { exists: true },
    },
  );
}

function targetOf({ kind, id }: FilePlace): AuditTarget {
  return { kind: kind.toLowerCase(), id, name: id };
}

function nameOf(actor: Actor): string {
  return personOf(actor) ?? actor.kind;
}
