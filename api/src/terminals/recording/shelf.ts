import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Prisma, TerminalRecording } from '@serverkit/prisma/generated/client/client.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../../access/rights.ts';
import { serversWhere } from '../../access/sees.ts';
import { storedActor, type Actor } from '../../audit/actor.ts';
import type { Audit, AuditTarget } from '../../audit/service.ts';
import type { PersonPrincipal } from '../../context.ts';
import type { Database } from '../../database/database.ts';
import { notFound, ServerKitError } from '../../errors.ts';
import { Tickets, type Ticket } from '../../http/tickets.ts';
import type { TransferEnd } from '../../http/transfer.ts';
import type { Vault } from '../../secrets/vault.ts';
import { errorCode } from '../../startup-error.ts';
import { places, type Place } from '../places.ts';
import { storedTarget } from '../target.ts';
import { markLine } from './cast.ts';
import { piecesOf, soundPiecesOf, type RecordingPlace } from './file.ts';
import { recordingEnds, type RecordingEnd } from './recorder.ts';

export interface RecordingDownload {
  readonly recording: TerminalRecording;
  readonly principal: PersonPrincipal;
  readonly actor: Actor;
}

export interface ShelfOptions {
  readonly db: Database;
  readonly audit: Audit;
  readonly vault: Vault;
  readonly log: Logger;
  readonly directory: string;
  /** Told when files were removed. */
  readonly onRemoved: () => void;
}

const endWords: Readonly<Record<Exclude<RecordingEnd, 'COMPLETE'>, string>> = {
  LOST: 'The server was out of reach when the terminal ended',
  CUT_OFF: 'The recording was cut off: the server went out of reach and did not come back',
  TOO_LARGE: 'The recording ended early: it is as large as one may be',
  OVER_BUDGET: 'The recording ended early: all recordings together take as much as they may',
  DISK_FULL: 'The recording ended early: there was no room left on the disk',
  DISK_STALLED: 'The recording ended early: the disk did not answer',
  FAILED: 'The recording ended early: it could not be written',
};

/** Recordings as they are kept: found, given away, deleted. */
export class RecordingShelf {
  readonly #options: ShelfOptions;
  readonly #downloads = new Tickets<RecordingDownload>();

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  placeOf({ id, serverId }: { readonly id: string; readonly serverId: string }): RecordingPlace {
    const { directory, vault } = this.#options;
    return { path: path.join(directory, serverId, `${id}.sealed`), id, vault };
  }

  aboutOf({ actor, target, serverId }: TerminalRecording): {
    readonly actor: Actor | undefined;
    readonly target: AuditTarget;
  } {
    return {
      actor: storedActor(actor),
      target: storedTarget(target) ?? { kind: 'server', id: serverId },
    };
  }

  /** What somebody may see who holds this. @throws ServerKitError NOT_FOUND */
  async get(id: string, rights: Rights): Promise<TerminalRecording> {
    const row = await this.#options.db.prisma.terminalRecording.findFirst({
      where: { id, AND: [visibleTo(rights)] },
    });
    if (!row) throw notFound('recording', id);
    return row;
  }

  /** Allows a download, once. @throws ServerKitError NOT_FOUND, TOO_MANY_OPERATIONS */
  async offer(id: string, principal: PersonPrincipal, actor: Actor): Promise<Ticket> {
    const recording = await this.get(id, principal.rights);
    const ticket = this.#downloads.issue(principal.user.id, { recording, principal, actor });
    await this.#record('terminalRecording.download', recording, actor);
    return ticket;
  }

  take(secret: string): RecordingDownload | undefined {
    return this.#downloads.take(secret);
  }

  async downloaded(
    { recording, actor }: RecordingDownload,
    { bytes, code, durationMs }: TransferEnd,
  ): Promise<void> {
    await this.#record('terminalRecording.downloaded', recording, actor, {
      parameters: { bytes },
      durationMs,
      ...(code !== null && { outcome: code === 'PERMISSION_DENIED' ? 'refused' : 'failed', code }),
    });
  }

  async #record(
    action: string,
    row: TerminalRecording,
    actor: Actor,
    more: Partial<Parameters<Audit['record']>[1]> = {},
    tx: Parameters<Audit['record']>[0] = this.#options.db.prisma,
  ): Promise<void> {
    const { id, serverId, terminalId } = row;
    const { target } = this.aboutOf(row);
    await this.#options.audit.record(tx, {
      actor,
      action,
      serverId,
      target: { kind: 'terminalRecording', id, name: target.name ?? target.id },
      ...more,
      parameters: { terminalId, ...more.parameters },
    });
  }

  /**
   * The recording as an asciicast file; of one that is still made, what is on the disk.
   *
   * @yields the lines of it, some at a time
   * @throws ServerKitError NOT_FOUND when the file is not there; VaultError, RangeError when it is not as it was written
   */
  async *read(row: TerminalRecording): AsyncGenerator<Buffer> {
    const place = this.placeOf(row);
    const pieces =
      row.endedAt === null
        ? piecesOf(place)
        : // None are counted where it could not be gone on with.
          row.pieces === 0
          ? soundPiecesOf(place)
          : piecesOf(place, row.pieces);
    try {
      for await (const { text } of pieces) yield text;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      throw new ServerKitError(
        'NOT_FOUND',
        'The file of this recording is not there. Backups hold none: it may be where ServerKit ran before.',
        { cause: error },
      );
    }
    const ending = recordingEnds.find((one) => one === row.ending);
    if (ending && ending !== 'COMPLETE') yield Buffer.from(markLine(row.durationMs, endWords[ending]));
  }

  /** @throws ServerKitError NOT_FOUND; CONFLICT while it is being made */
  async delete(id: string, rights: Rights, actor: Actor): Promise<void> {
    const row = await this.get(id, rights);
    if (row.endedAt === null) {
      throw new ServerKitError('CONFLICT', 'This recording is being made. Close its terminal first.');
    }
    await this.#options.db.prisma.$transaction(async (tx) => {
      const { count } = await tx.terminalRecording.deleteMany({ where: { id } });
      if (count === 0) throw notFound('recording', id);
      await this.#record('terminalRecording.delete', row, actor, {}, tx);
    });
    await this.#remove(this.placeOf(row).path);
  }

  /**
   * Deleting a server deletes its recordings: those that had to be made take what it takes to delete one.
   *
   * @throws ServerKitError PERMISSION_DENIED
   */
  async requireForgettable(
    tx: Prisma.TransactionClient,
    serverId: string,
    { actor, rights }: { readonly actor: Actor; readonly rights: Rights },
  ): Promise<void> {
    if (rights.everywhere.has('settings:write')) return;
    if ((await tx.terminalRecording.count({ where: { serverId, required: true } })) === 0) return;
    this.#options.audit.refused({
      actor,
      action: 'server.delete',
      target: { kind: 'server', id: serverId },
      code: 'PERMISSION_DENIED',
    });
    throw new ServerKitError(
      'PERMISSION_DENIED',
      'This server has recordings of terminals that had to be made, and they would be deleted with it. That takes settings:write. Ask an administrator.',
      { details: { scope: 'settings:write' } },
    );
  }

  /** What a deleted server left. */
  async forgetServer(serverId: string): Promise<void> {
    await this.#remove(path.join(this.#options.directory, serverId));
  }

  /** The next sweep finds what could not be removed. */
  async #remove(name: string): Promise<void> {
    await rm(name, { recursive: true, force: true }).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'the file of a recording could not be removed');
    });
    this.#options.onRemoved();
  }

  /** One made room for others: its file is gone. It is on record. */
  async expire(row: TerminalRecording, bytes: number): Promise<void> {
    await this.#options.db.prisma.$transaction(async (tx) => {
      const { count } = await tx.terminalRecording.deleteMany({ where: { id: row.id } });
      if (count === 0) return;
      const actor = { kind: 'system', label: 'terminals' } as const;
      const parameters = { reason: 'OVER_BUDGET', bytes, required: row.required };
      await this.#record('terminalRecording.expire', row, actor, { parameters }, tx);
    });
  }

  /** Deletes those that ended before then, and old files that belong to none. @returns how many */
  async sweep(before: Date): Promise<number> {
    const { prisma } = this.#options.db;
    const rows = await prisma.terminalRecording.findMany({
      where: { endedAt: { lt: before } },
      select: { id: true, serverId: true },
    });
    for (const row of rows) await this.#remove(this.placeOf(row).path);
    const { count } = await prisma.terminalRecording.deleteMany({
      where: { id: { in: rows.map(({ id }) => id) } },
    });
    await this.#removeStrays(before);
    this.#options.onRemoved();
    return count;
  }

  async #removeStrays(before: Date): Promise<void> {
    const { directory, db } = this.#options;
    const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const name = path.join(entry.parentPath, entry.name);
      const found = await stat(name).catch(() => undefined);
      if (!found || found.mtime >= before) continue;
      const id = path.parse(entry.name).name;
      if ((await db.prisma.terminalRecording.count({ where: { id } })) === 0) await this.#remove(name);
    }
  }
}

/**
 * Which recordings somebody may see: it takes `audit:read`, and what the terminal took, as they show the same.
 */
export function visibleTo(rights: Rights): Prisma.TerminalRecordingWhereInput {
  const on = (scope: Scope): Prisma.TerminalRecordingWhereInput => {
    const seen = serversWhere(rights, scope);
    return seen ? { serverId: seen } : {};
  };
  return {
    AND: [
      on('audit:read'),
      {
        OR: Object.entries(places).map(([place, { scope }]) => ({ place, AND: [on(scope)] })),
      },
      // An empty condition among several would count as none of them.
      { OR: [{ privileged: false }, { privileged: true, AND: [on('docker:containers:privileged')] }] },
    ],
  };
}

export function storedPlace(place: string): Place {
  // What nobody wrote is looked for where it takes more.
  return place === 'container' ? 'container' : 'host';
}
