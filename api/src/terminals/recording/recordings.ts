import path from 'node:path';
import type { Logger } from 'pino';
import type { TerminalRecording } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentService } from '../../agents/service.ts';
import type { Actor } from '../../audit/actor.ts';
import type { Audit, AuditTarget } from '../../audit/service.ts';
import type { Database } from '../../database/database.ts';
import { diskSpace } from '../../database/disk-space.ts';
import { isServerKitError, type ServerKitError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import type { Vault } from '../../secrets/vault.ts';
import { places, type Place } from '../places.ts';
import { RecordingBudget } from './budget.ts';
import { inTime, RecordingFile } from './file.ts';
import {
  endOf,
  isEarly,
  Recorder,
  recordingFailed,
  whyFailed,
  type EarlyEnd,
  type NoRoom,
  type Recorded,
  type RecordingEnd,
} from './recorder.ts';
import { RecordingRules } from './rules.ts';
import { RecordingShelf, storedPlace } from './shelf.ts';

/** How long somebody waits for a recording to begin. Milliseconds. */
const beginMs = 10_000;

/** Far more than can be open; one that is forgotten is tried again. */
const mostFailed = 1_000;

export interface RecordingsOptions {
  readonly db: Database;
  readonly audit: Audit;
  readonly agents: AgentService;
  readonly vault: Vault;
  readonly log: Logger;
  readonly dataDir: string;
}

interface Failure {
  readonly error: ServerKitError;
  /** It was asked to be closed. */
  closing: boolean;
}

interface Ended extends Pick<Recorder, 'pieces' | 'sizeBytes' | 'durationMs'> {
  readonly ending: RecordingEnd;
}

/** A terminal that is to be recorded, who opened it, and what it is in. */
export interface RecordedTerminal {
  readonly id: string;
  readonly serverId: string;
  readonly place: Place;
  readonly privileged: boolean;
  readonly actor: Actor;
  readonly target: AuditTarget;
}

/** Makes recordings of terminals. */
export class Recordings {
  readonly rules: RecordingRules;
  readonly shelf: RecordingShelf;
  readonly budget: RecordingBudget;
  readonly #options: RecordingsOptions;
  /** By terminal, while they are made. */
  readonly #active = new Map<string, Recorder>();
  readonly #beginning = new Map<string, Promise<void>>();
  /** The last terminals that had to be recorded and were not. */
  readonly #failed = new Map<string, Failure>();
  /** Why those ended early that did so last, by terminal. */
  readonly #ends = new Map<string, EarlyEnd>();
  readonly #listeners = new Set<(terminalId: string) => void>();

  constructor(options: RecordingsOptions) {
    this.#options = options;
    this.rules = new RecordingRules(options);
    const directory = path.join(options.dataDir, 'recordings');
    this.shelf = new RecordingShelf({ ...options, directory, onRemoved: () => this.budget.changed() });
    this.budget = new RecordingBudget({
      ...options,
      directory,
      pathOf: (row) => this.shelf.placeOf(row).path,
      limit: async () => (await this.rules.settings()).megabytes * 1024 * 1024,
      growing: () =>
        [...this.#active.values()].map(({ recorded, bytes }) => ({
          path: this.shelf.placeOf(recorded).path,
          bytes,
        })),
      expire: (row, bytes) => this.shelf.expire(row, bytes),
    });
    options.agents.links.onUp((link) => {
      for (const recorder of this.#of(link.serverId)) recorder.attach(link);
    });
  }

  #of(serverId: string): Recorder[] {
    return [...this.#active.values()].filter(({ recorded }) => recorded.serverId === serverId);
  }

  isRecorded(terminalId: string): boolean {
    return this.#active.has(terminalId);
  }

  /** Why a terminal is not recorded any more, though it goes on or has to be recorded. */
  whyEnded(terminalId: string): EarlyEnd | null {
    return this.isRecorded(terminalId) ? null : (this.#ends.get(terminalId) ?? null);
  }

  /** Why a terminal is closed that had to be recorded. */
  failureOf(terminalId: string): ServerKitError | undefined {
    return this.#failed.get(terminalId)?.error;
  }

  /** Calls back with the terminal whose recording begins or ends. @returns stops that */
  listen(listener: (terminalId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(terminalId: string): void {
    for (const listener of this.#listeners) listener(terminalId);
  }

  /**
   * Lets nobody see or type what has to be recorded and is not.
   *
   * @param find - the terminal, for one whose recording has to begin
   * @throws ServerKitError RECORDING_FAILED, and what `find` throws
   */
  async admit(serverId: string, terminalId: string, find: () => Promise<RecordedTerminal>): Promise<void> {
    const failure = this.failureOf(terminalId);
    if (failure) throw failure;
    if (!(await this.rules.requires(serverId))) return;
    const recorder = this.#active.get(terminalId);
    if (recorder) return recorder.ready(AbortSignal.timeout(beginMs));
    await this.begin(await find(), true);
  }

  /** What is open already is recorded from now on, or closed. */
  async enforce(terminal: RecordedTerminal): Promise<void> {
    const recorder = this.#active.get(terminal.id);
    try {
      if (recorder) await recorder.ready(AbortSignal.timeout(beginMs));
      else await this.begin(terminal, true);
    } catch (error) {
      await this.shut(terminal, isServerKitError(error, 'RECORDING_FAILED') ? error : notBegun());
    }
  }

  /**
   * Resolves once all that a terminal shows is being written.
   *
   * @throws ServerKitError RECORDING_FAILED; the terminal is closed then
   */
  begin(terminal: RecordedTerminal, required: boolean): Promise<void> {
    const begun = this.#beginning.get(terminal.id);
    if (begun) return begun;
    const beginning = this.#begin(terminal, required).finally(() => this.#beginning.delete(terminal.id));
    this.#beginning.set(terminal.id, beginning);
    return beginning;
  }

  async #begin(terminal: RecordedTerminal, required: boolean): Promise<void> {
    if (this.#active.has(terminal.id)) return;
    let recorder: Recorder | undefined;
    const creating = this.#create(terminal, required);
    try {
      recorder = await inTime(creating, beginMs);
      const link = this.#options.agents.links.require(terminal.serverId);
      recorder.attach(link);
      await recorder.ready(AbortSignal.timeout(beginMs));
      this.#tell(terminal.id);
    } catch (error) {
      const end = endOf(error);
      if (recorder) await recorder.end(end, error);
      // One that comes late is nobody's.
      else
        void creating.then(
          (late) => late.end(end, error),
          () => undefined,
        );
      const failure = isServerKitError(error, 'RECORDING_FAILED')
        ? error
        : end === 'FAILED'
          ? notBegun()
          : recordingFailed(whyFailed[end]);
      if (error !== failure)
        this.#options.log.error({ err: error, terminalId: terminal.id }, 'a terminal could not be recorded');
      await this.shut(terminal, failure);
      throw failure;
    }
  }

  async #create(
    { id: terminalId, serverId, place, privileged, actor, target }: RecordedTerminal,
    required: boolean,
  ): Promise<Recorder> {
    const id = newId('recording');
    const startedAt = new Date();
    const file = await RecordingFile.create(this.shelf.placeOf({ id, serverId }));
    try {
      await this.#options.db.prisma.terminalRecording.create({
        data: {
          id,
          serverId,
          terminalId,
          place,
          privileged,
          required,
          startedAt,
          actor: { ...actor },
          target: { ...target },
        },
      });
    } catch (error) {
      await file.close();
      throw error;
    }
    const title = target.name ?? target.id;
    return this.#add({ id, serverId, terminalId, place, privileged, required, startedAt, title }, file, 0);
  }

  #add(recorded: Recorded, file: RecordingFile, sizeBytes: number): Recorder {
    const recorder = new Recorder({
      recorded,
      file,
      sizeBytes,
      room: () => this.#room(),
      onEarly: (ended, end) => this.#early(ended, end),
      onEnd: (ended, end, cause) => this.#ended(ended, end, cause),
    });
    this.#active.set(recorded.terminalId, recorder);
    return recorder;
  }

  async #room(): Promise<NoRoom | undefined> {
    if ((await diskSpace(this.#options.dataDir)).low) return 'DISK_FULL';
    return (await this.budget.fits()) ? undefined : 'OVER_BUDGET';
  }

  /** Before anything is asked of a disk or the database, which may be what is broken: nobody looks on, or thinks it recorded. */
  #early(recorder: Recorder, ending: EarlyEnd): void {
    const { terminalId, required } = recorder.recorded;
    if (this.#active.get(terminalId) === recorder) this.#active.delete(terminalId);
    keepLast(this.#ends, terminalId, ending);
    if (required) this.#fail(terminalId, recordingFailed(whyFailed[ending]));
    else this.#tell(terminalId);
  }

  async #ended(recorder: Recorder, ending: RecordingEnd, cause: unknown): Promise<void> {
    const { recorded, pieces, sizeBytes, durationMs } = recorder;
    const { id, terminalId, serverId } = recorded;
    const { log } = this.#options;
    const early = isEarly(ending);
    // Also where it is only known now, as its file was closed.
    if (early) this.#early(recorder, ending);
    if (this.#active.get(terminalId) === recorder) this.#active.delete(terminalId);
    this.budget.changed();
    if (cause !== undefined) log.error({ err: cause, recordingId: id, ending }, 'a recording ended early');
    this.#tell(terminalId);
    // Where the rules cannot be read, nothing may go unrecorded.
    if (early && (recorded.required || (await this.rules.requires(serverId).catch(() => true)))) {
      await this.shut(await this.#terminalOf(recorded), recordingFailed(whyFailed[ending]));
    }
    await this.#store(recorded, { ending, pieces, sizeBytes, durationMs });
  }

  async #store(
    { id, serverId, terminalId, title }: Pick<Recorded, 'id' | 'serverId' | 'terminalId' | 'title'>,
    { ending, ...found }: Ended,
  ): Promise<void> {
    const { db, audit, log } = this.#options;
    try {
      await db.prisma.$transaction(async (tx) => {
        const { count } = await tx.terminalRecording.updateMany({
          where: { id },
          data: { endedAt: new Date(), ending, ...found },
        });
        if (count === 0) return;
        await audit.record(tx, {
          actor: { kind: 'system', label: 'terminals' },
          action: 'terminalRecording.end',
          serverId,
          target: { kind: 'terminalRecording', id, name: title },
          parameters: { terminalId, reason: ending, bytes: found.sizeBytes },
          ...(isEarly(ending) && { outcome: 'failed', code: 'RECORDING_FAILED' }),
        });
      });
    } catch (error) {
      // The next start finds it, and ends it.
      log.error({ err: error, recordingId: id }, 'the end of a recording could not be stored');
    }
  }

  async #terminalOf({ id, terminalId, serverId, place, privileged }: Recorded): Promise<RecordedTerminal> {
    const { prisma } = this.#options.db;
    const row = await prisma.terminalRecording.findUnique({ where: { id } }).catch(() => null);
    const stored = row ? this.shelf.aboutOf(row) : undefined;
    return {
      id: terminalId,
      serverId,
      place,
      privileged,
      actor: { kind: 'system', label: 'terminals' },
      target: stored?.target ?? { kind: 'server', id: serverId },
    };
  }

  /** Nobody sees or types anything in it from here on. */
  #fail(terminalId: string, error: ServerKitError): Failure {
    const known = this.#failed.get(terminalId);
    if (known) return known;
    const failure: Failure = { error, closing: false };
    keepLast(this.#failed, terminalId, failure);
    this.#tell(terminalId);
    return failure;
  }

  /** The same, and whatever runs in it ends. */
  async shut(
    { id, serverId, place, privileged, target }: RecordedTerminal,
    error: ServerKitError,
  ): Promise<void> {
    const failure = this.#fail(id, error);
    if (failure.closing) return;
    failure.closing = true;
    const { close, scope } = places[place];
    await this.#options.agents.commands
      .run({
        serverId,
        actor: { kind: 'system', label: 'terminals' },
        action: 'terminal.close',
        target,
        scope,
        heldScopes: privileged ? ['docker:containers:privileged'] : [],
        document: close,
        variables: { id },
        parameters: { terminalId: id, reason: 'RECORDING_FAILED' },
      })
      .catch((unclosed: unknown) => {
        // Without a viewer it ends within a minute, and it gets none.
        if (!isServerKitError(unclosed, 'NOT_FOUND'))
          this.#options.log.warn({ err: unclosed, terminalId: id }, 'a terminal could not be closed');
      });
  }

  /** A terminal is gone, as its agent says. */
  async terminalEnded(serverId: string, terminalId: string): Promise<void> {
    const recorder = this.#active.get(terminalId);
    // One that reads comes to the end by itself, after all that was shown before.
    if (recorder?.recorded.serverId === serverId && !recorder.attached) await recorder.end('LOST');
  }

  /** A server is gone, and the rows of its recordings. */
  async serverDeleted(serverId: string): Promise<void> {
    for (const recorder of this.#of(serverId)) {
      this.#active.delete(recorder.recorded.terminalId);
      await recorder.pause();
    }
    await this.shelf.forgetServer(serverId);
  }

  /** Goes on with those that were being made when the process ended. */
  async resume(): Promise<void> {
    const { db, log } = this.#options;
    const rows = await db.prisma.terminalRecording.findMany({ where: { endedAt: null } });
    for (const row of rows) {
      try {
        await this.#goOn(row);
      } catch (error) {
        log.error({ err: error, recordingId: row.id }, 'a recording could not be gone on with');
        // Should its file come back, it is read as far as it is whole.
        const nothing = { pieces: 0, sizeBytes: 0, durationMs: 0 };
        await this.#store(
          { ...row, title: this.shelf.aboutOf(row).target.name ?? '' },
          { ending: endOf(error), ...nothing },
        );
      }
    }
  }

  async #goOn(row: TerminalRecording): Promise<void> {
    const { id, serverId, terminalId, privileged, required, startedAt } = row;
    const open = await this.#options.db.prisma.openTerminal.count({ where: { id: terminalId } });
    const reopening = RecordingFile.reopen(this.shelf.placeOf(row));
    const { file, sizeBytes } = await inTime(reopening).catch((error: unknown) => {
      reopening.then(({ file: late }) => late.close()).catch(() => undefined);
      throw error;
    });
    const title = this.shelf.aboutOf(row).target.name ?? '';
    const place = storedPlace(row.place);
    const recorder = this.#add(
      { id, serverId, terminalId, place, privileged, required, startedAt, title },
      file,
      sizeBytes,
    );
    if (open === 0) await recorder.end('LOST');
  }

  /** As the process ends: what is gathered is written, and the next one goes on. */
  async pause(): Promise<void> {
    await Promise.all([...this.#active.values()].map((recorder) => recorder.pause()));
  }
}

/** What is forgotten is the oldest. */
function keepLast<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostFailed && oldest !== undefined) map.delete(oldest);
}

function notBegun(): ServerKitError {
  return recordingFailed('The recording could not be begun; the log of ServerKit says why.');
}
