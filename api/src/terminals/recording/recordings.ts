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
import { RecordingFile } from './file.ts';
import { isEarly, Recorder, recordingFailed, type Recorded, type RecordingEnd } from './recorder.ts';
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
  readonly #options: RecordingsOptions;
  /** By terminal, while they are made. */
  readonly #active = new Map<string, Recorder>();
  readonly #beginning = new Map<string, Promise<void>>();
  /** The last terminals that had to be recorded and were not. */
  readonly #failed = new Map<string, Failure>();
  readonly #listeners = new Set<(terminalId: string) => void>();

  constructor(options: RecordingsOptions) {
    this.#options = options;
    this.rules = new RecordingRules(options);
    this.shelf = new RecordingShelf({ ...options, directory: path.join(options.dataDir, 'recordings') });
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
    try {
      recorder = await this.#create(terminal, required);
      const link = this.#options.agents.links.require(terminal.serverId);
      recorder.attach(link);
      await recorder.ready(AbortSignal.timeout(beginMs));
      this.#tell(terminal.id);
    } catch (error) {
      await recorder?.end('FAILED', error);
      const failure = isServerKitError(error, 'RECORDING_FAILED') ? error : notBegun();
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
      room: async () => !(await diskSpace(this.#options.dataDir)).low,
      onEarly: ({ recorded: { terminalId, required } }) => {
        if (required) this.#fail(terminalId, endedEarly());
      },
      onEnd: (ended, end, cause) => this.#ended(ended, end, cause),
    });
    this.#active.set(recorded.terminalId, recorder);
    return recorder;
  }

  async #ended(recorder: Recorder, ending: RecordingEnd, cause: unknown): Promise<void> {
    const { recorded, pieces, sizeBytes, durationMs } = recorder;
    const { id, terminalId, serverId } = recorded;
    const { log } = this.#options;
    const early = isEarly(ending);
    // Before anything is asked of the database, which may be what is broken: nobody looks on.
    if (early && recorded.required) this.#fail(terminalId, endedEarly());
    if (this.#active.get(terminalId) === recorder) this.#active.delete(terminalId);
    if (cause !== undefined) log.error({ err: cause, recordingId: id, ending }, 'a recording ended early');
    this.#tell(terminalId);
    // Where the rules cannot be read, nothing may go unrecorded.
    if (early && (recorded.required || (await this.rules.requires(serverId).catch(() => true)))) {
      await this.shut(await this.#terminalOf(recorded), endedEarly());
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
    this.#failed.set(terminalId, failure);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > mostFailed && oldest !== undefined) this.#failed.delete(oldest);
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
          { ending: 'FAILED', ...nothing },
        );
      }
    }
  }

  async #goOn(row: TerminalRecording): Promise<void> {
    const { id, serverId, terminalId, privileged, required, startedAt } = row;
    const open = await this.#options.db.prisma.openTerminal.count({ where: { id: terminalId } });
    const { file, sizeBytes } = await RecordingFile.reopen(this.shelf.placeOf(row));
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

function endedEarly(): ServerKitError {
  return recordingFailed('Its recording ended early.');
}

function notBegun(): ServerKitError {
  return recordingFailed('The recording could not be begun; the log of ServerKit says why.');
}
