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
import { Recorder, recordingFailed, type Recorded, type RecordingEnd } from './recorder.ts';
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
  readonly #failed = new Map<string, ServerKitError>();
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
    return this.#failed.get(terminalId);
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
    const failure = this.#failed.get(terminalId);
    if (failure) throw failure;
    if (!(await this.rules.requires(serverId))) return;
    const recorder = this.#active.get(terminalId);
    if (recorder) return recorder.ready(AbortSignal.timeout(beginMs));
    await this.begin(await find(), true);
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
      const failure = isServerKitError(error, 'RECORDING_FAILED')
        ? error
        : recordingFailed('The recording could not be begun; the log of ServerKit says why.');
      if (error !== failure)
        this.#options.log.error({ err: error, terminalId: terminal.id }, 'a terminal could not be recorded');
      await this.#shut(terminal, failure);
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
      onEnd: (ended, end, cause) => this.#ended(ended, end, cause),
    });
    this.#active.set(recorded.terminalId, recorder);
    return recorder;
  }

  async #ended(recorder: Recorder, ending: RecordingEnd, cause: unknown): Promise<void> {
    const { recorded, pieces, sizeBytes, durationMs } = recorder;
    const { id, terminalId, serverId } = recorded;
    const { db, audit, log } = this.#options;
    if (this.#active.get(terminalId) === recorder) this.#active.delete(terminalId);
    if (cause !== undefined) log.error({ err: cause, recordingId: id, ending }, 'a recording ended early');
    const early = ending !== 'COMPLETE' && ending !== 'LOST';
    try {
      if (early && (recorded.required || (await this.rules.requires(serverId)))) {
        await this.#shut(await this.#terminalOf(recorded), recordingFailed('Its recording ended early.'));
      }
      await db.prisma.$transaction(async (tx) => {
        const { count } = await tx.terminalRecording.updateMany({
          where: { id },
          data: { endedAt: new Date(), ending, pieces, sizeBytes, durationMs },
        });
        if (count === 0) return;
        await audit.record(tx, {
          actor: { kind: 'system', label: 'terminals' },
          action: 'terminalRecording.end',
          serverId,
          target: { kind: 'terminalRecording', id, name: recorded.title },
          parameters: { terminalId, reason: ending, bytes: sizeBytes },
          ...(early && { outcome: 'failed', code: 'RECORDING_FAILED' }),
        });
      });
    } catch (error) {
      // The next start finds it, and ends it.
      log.error({ err: error, recordingId: id }, 'the end of a recording could not be stored');
    } finally {
      this.#tell(terminalId);
    }
  }

  async #terminalOf({ id, terminalId, serverId, place, privileged }: Recorded): Promise<RecordedTerminal> {
    const row = await this.#options.db.prisma.terminalRecording.findUnique({ where: { id } });
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

  /** Nobody sees or types anything in it from here on; whatever runs in it ends. */
  async #shut(
    { id, serverId, place, privileged, target }: RecordedTerminal,
    failure: ServerKitError,
  ): Promise<void> {
    if (this.#failed.has(id)) return;
    this.#failed.set(id, failure);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > mostFailed && oldest !== undefined) this.#failed.delete(oldest);
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
      .catch((error: unknown) => {
        // Without a viewer it ends within a minute, and it gets none.
        if (!isServerKitError(error, 'NOT_FOUND'))
          this.#options.log.warn({ err: error, terminalId: id }, 'a terminal could not be closed');
      });
  }

  /** A terminal is gone, as its agent says. */
  async terminalEnded(terminalId: string): Promise<void> {
    const recorder = this.#active.get(terminalId);
    // One that reads comes to the end by itself, after all that was shown before.
    if (recorder && !recorder.attached) await recorder.end('LOST');
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
        await db.prisma.terminalRecording.updateMany({
          where: { id: row.id },
          data: { endedAt: new Date(), ending: 'FAILED' },
        });
      }
    }
  }

  async #goOn(row: TerminalRecording): Promise<void> {
    const { id, serverId, terminalId, privileged, required, startedAt } = row;
    const { file, sizeBytes } = await RecordingFile.reopen(this.shelf.placeOf(row));
    const title = this.shelf.aboutOf(row).target.name ?? '';
    const place = storedPlace(row.place);
    const recorder = this.#add(
      { id, serverId, terminalId, place, privileged, required, startedAt, title },
      file,
      sizeBytes,
    );
    const open = await this.#options.db.prisma.openTerminal.count({ where: { id: terminalId } });
    if (open === 0) await recorder.end('LOST');
  }

  /** As the process ends: what is gathered is written, and the next one goes on. */
  async pause(): Promise<void> {
    await Promise.all([...this.#active.values()].map((recorder) => recorder.pause()));
  }
}
