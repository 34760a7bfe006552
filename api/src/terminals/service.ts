import type { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import type { ScopeSet } from '../access/scope-set.ts';
import { readBulk } from '../agents/bulk.ts';
import { protocolError } from '../agents/agent-errors.ts';
import type { AgentService } from '../agents/service.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Containers } from '../containers/service.ts';
import type { ViewerSocket } from '../context.ts';
import type { Database } from '../database/database.ts';
import { notFound } from '../errors.ts';
import type { ContainerTerminalSubscription, TerminalFieldsFragment } from '../generated/agent/graphql.ts';
import { newId } from '../ids.ts';
import type { Vault } from '../secrets/vault.ts';
import { OpenContainerTerminalDocument, OpenHostTerminalDocument } from './operations.ts';
import { places, type Place } from './places.ts';
import { Attendance } from './attendance.ts';
import { aboutOf, enforceRecording } from './enforcement.ts';
import { withRecording } from './recording/events.ts';
import type { RecordingEnd } from './recording/recorder.ts';
import { Recordings, type RecordedTerminal } from './recording/recordings.ts';
import { TerminalRecords } from './records.ts';
import { ViewerWindow } from './window.ts';

export type { Recordings } from './recording/recordings.ts';

export type Terminal = TerminalFieldsFragment & { readonly recorded: boolean };
type AgentEvent = ContainerTerminalSubscription['event'];

/** What an agent tells, and what the control plane does beside it. */
export interface TerminalEvent extends Omit<AgentEvent, 'kind' | 'reason'> {
  readonly kind: AgentEvent['kind'] | 'RECORDING';
  readonly reason: AgentEvent['reason'] | 'UNRECORDED';
  readonly recorded: boolean | null;
  readonly recordingEnd: RecordingEnd | null;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Opening extends Size {
  /** Whether it is to be recorded, though it need not be. */
  readonly record: boolean;
}

/** Who asks, and what they hold on the server. */
export interface Asker {
  readonly actor: Actor;
  readonly held: ScopeSet;
  readonly signal: AbortSignal;
}

export interface TerminalTarget {
  readonly place: Place;
  readonly serverId: string;
  readonly terminalId: string;
}

export interface Viewer extends Asker {
  readonly socket?: ViewerSocket;
  /** Set by one who says what was shown; see {@link Terminals.shown}. */
  readonly viewerId: string | null;
}

/** Whether a container takes it, only the agent can tell. */
const besides = 'docker:containers:privileged' satisfies Scope;

/** A keystroke that takes longer is worth an error. Milliseconds. */
const inputTimeoutMs = 10_000;
const listTimeoutMs = 5_000;

export interface TerminalsOptions {
  readonly agents: AgentService;
  readonly containers: Containers;
  readonly audit: Audit;
  readonly db: Database;
  readonly log: Logger;
  readonly vault: Vault;
  readonly dataDir: string;
}

export class Terminals {
  readonly #agents: AgentService;
  readonly #containers: Containers;
  /** Of viewers who say what they have shown. */
  readonly #windows = new Map<string, ViewerWindow>();
  readonly #attendance: Attendance;
  readonly #records: TerminalRecords;
  readonly #db: Database;
  readonly #log: Logger;
  readonly recordings: Recordings;

  constructor({ agents, containers, audit, db, log, vault, dataDir }: TerminalsOptions) {
    this.#agents = agents;
    this.#containers = containers;
    this.#db = db;
    this.#log = log;
    this.#attendance = new Attendance({ audit, db });
    const recordings = new Recordings({ agents, audit, db, log, vault, dataDir });
    this.recordings = recordings;
    this.#records = new TerminalRecords({
      agents: agents.links,
      audit,
      db,
      log,
      onEnd: (serverId, terminalId) => recordings.terminalEnded(serverId, terminalId),
    });
  }

  /** @throws ServerKitError */
  async openInContainer(
    serverId: string,
    containerId: string,
    { user, record, ...size }: Opening & { readonly user: string | null },
    { actor, held, signal }: Asker,
  ): Promise<Terminal> {
    const id = newId('terminal');
    const target = this.#containers.target(serverId, containerId);
    const terminal = await this.#records.opening({ id, serverId, actor, target }, async () => {
      const opened = await this.#agents.commands.run({
        serverId,
        actor,
        signal,
        action: 'terminal.open',
        target,
        scope: places.container.scope,
        heldScopes: heldOf(held),
        document: OpenContainerTerminalDocument,
        variables: { id, containerId, user, ...size },
        parameters: { terminalId: id, ...(user !== null && { user }) },
      });
      return opened?.terminal ?? this.#find('container', serverId, id);
    });
    return this.#begun(terminal, { place: 'container', serverId, actor, target, record });
  }

  /** A shell of the server itself. @throws ServerKitError AGENT_REFUSED when its agent has none, and how to change that */
  async openOnHost(
    serverId: string,
    { record, ...size }: Opening,
    { actor, signal }: Asker,
  ): Promise<Terminal> {
    const id = newId('terminal');
    const target = { kind: 'server', id: serverId };
    const terminal = await this.#records.opening({ id, serverId, actor, target }, async () => {
      const opened = await this.#agents.commands.run({
        serverId,
        actor,
        signal,
        action: 'terminal.openHost',
        target,
        scope: places.host.scope,
        document: OpenHostTerminalDocument,
        variables: { id, ...size },
        parameters: { terminalId: id },
      });
      return opened?.terminal ?? this.#find('host', serverId, id);
    });
    return this.#begun(terminal, { place: 'host', serverId, actor, target, record });
  }

  /** One that is to be recorded is nobody's before it is. */
  async #begun(
    terminal: TerminalFieldsFragment,
    {
      record,
      ...about
    }: Pick<RecordedTerminal, 'place' | 'serverId' | 'actor' | 'target'> & {
      readonly record: boolean;
    },
  ): Promise<Terminal> {
    const { id, privileged } = terminal;
    const required = await this.recordings.rules.requires(about.serverId);
    if (record || required) await this.recordings.begin({ id, privileged, ...about }, required);
    return this.#seen(terminal);
  }

  #seen(terminal: TerminalFieldsFragment): Terminal {
    return { ...terminal, recorded: this.recordings.isRecorded(terminal.id) };
  }

  /** Lets in who may see and type: nobody while it has to be recorded and is not. */
  async #admit({ place, serverId, terminalId }: TerminalTarget): Promise<void> {
    await this.recordings.admit(serverId, terminalId, async () => {
      const { privileged } = await this.#find(place, serverId, terminalId);
      const row = await this.#db.prisma.openTerminal.findUnique({ where: { id: terminalId } });
      return { id: terminalId, serverId, place, privileged, ...aboutOf(serverId, row) };
    });
  }

  /** What is open already and has to be recorded is so from now on, or closed. */
  async enforceRecording(): Promise<void> {
    await enforceRecording({
      open: await this.#db.prisma.openTerminal.findMany(),
      recordings: this.recordings,
      list: (place, serverId) => this.list(place, serverId),
      isLinked: (serverId) => this.#agents.links.get(serverId) !== undefined,
      log: this.#log,
    });
  }

  /** In the transaction that deletes a server. @throws ServerKitError PERMISSION_DENIED for recordings that had to be made */
  async abandon(
    tx: Prisma.TransactionClient,
    serverId: string,
    by: { readonly actor: Actor; readonly rights: Rights },
  ): Promise<void> {
    await this.recordings.shelf.requireForgettable(tx, serverId, by);
    await this.#records.abandon(tx, serverId);
  }

  /** Once a server is gone: what was kept of it. */
  serverDeleted(serverId: string): Promise<void> {
    return this.recordings.serverDeleted(serverId);
  }

  /**
   * Puts on record that somebody other than who opened it takes part in a terminal, once each.
   *
   * @throws ServerKitError NOT_FOUND when it has ended
   */
  async enter({ place, serverId, terminalId }: TerminalTarget, { actor }: Asker): Promise<void> {
    await this.#attendance.enter(actor, terminalId, serverId, () => this.#find(place, serverId, terminalId));
  }

  async #find(place: Place, serverId: string, id: string): Promise<Terminal> {
    const found = (await this.list(place, serverId)).find((terminal) => terminal.id === id);
    if (!found) throw notFound('terminal', id);
    return found;
  }

  /** @throws ServerKitError */
  async list(place: Place, serverId: string): Promise<Terminal[]> {
    const { list, scope } = places[place];
    const { terminals } = await this.#agents.links
      .require(serverId)
      .run(list, {}, { actor: 'system', scopes: [scope], timeoutMs: listTimeoutMs });
    if (terminals.length > 100) throw protocolError('more terminals than can be');
    const own = await this.#records.ownOf(serverId, terminals);
    return own.map((terminal) => this.#seen(terminal));
  }

  /** What was typed, in the order of asking. Not on record: passwords are typed. @throws ServerKitError */
  async write(
    { place, serverId, terminalId: id }: TerminalTarget,
    text: string,
    asker: Asker,
  ): Promise<void> {
    const { write } = places[place];
    await this.enter({ place, serverId, terminalId: id }, asker);
    await this.#admit({ place, serverId, terminalId: id });
    await this.#agents.links.require(serverId).run(write, { id, text }, this.#callOf(place, asker));
  }

  /** @throws ServerKitError */
  async resize(
    { place, serverId, terminalId: id }: TerminalTarget,
    size: Size,
    asker: Asker,
  ): Promise<Terminal> {
    const { resize } = places[place];
    await this.enter({ place, serverId, terminalId: id }, asker);
    const { terminal } = await this.#agents.links
      .require(serverId)
      .run(resize, { id, ...size }, this.#callOf(place, asker));
    return this.#seen(terminal);
  }

  /** Ends the shell and all that was started in it. @throws ServerKitError */
  async close(
    { place, serverId, terminalId }: TerminalTarget,
    { actor, held, signal }: Asker,
  ): Promise<void> {
    const { close, scope } = places[place];
    await this.#agents.commands.run({
      serverId,
      actor,
      signal,
      action: 'terminal.close',
      target: { kind: 'terminal', id: terminalId, name: terminalId },
      scope,
      heldScopes: heldOf(held),
      document: close,
      variables: { id: terminalId },
      parameters: { terminalId },
    });
  }

  /** What a terminal shows, at the viewer's pace. @throws ServerKitError */
  async follow(
    target: TerminalTarget,
    viewer: Viewer,
  ): Promise<AsyncIterableIterator<TerminalEvent, undefined>> {
    await this.#admit(target);
    return withRecording(this.#read(target, viewer), target.terminalId, this.recordings);
  }

  #read(
    { place, serverId, terminalId: id }: TerminalTarget,
    viewer: Viewer,
  ): AsyncIterableIterator<AgentEvent, undefined> {
    const { follow } = places[place];
    const { signal, socket, viewerId } = viewer;
    const link = this.#agents.links.require(serverId);
    const window = viewerId === null ? undefined : this.#openWindow(keyOf(viewer.actor, viewerId), signal);
    return readBulk(
      link,
      {
        document: follow,
        variables: { id, windowBytes: bulkWindowBytes },
        scopes: this.#callOf(place, viewer).scopes,
        pieceOf: ({ event }) => event,
        bytesOf: ({ text }: AgentEvent) => Buffer.byteLength(text ?? ''),
        weightOf: ({ text }: AgentEvent) => (text?.length ?? 0) + 64,
        noun: 'a terminal',
      },
      {
        actor: idOf(viewer.actor),
        signal,
        ...(socket && { socket }),
        ...(window && { taken: ({ text }: AgentEvent) => window.sent(text?.length ?? 0, signal) }),
      },
    );
  }

  /** A viewer has shown so many characters; one that nobody knows has left. */
  shown(actor: Actor, viewerId: string, characters: number): void {
    this.#windows.get(keyOf(actor, viewerId))?.shown(characters);
  }

  #openWindow(key: string, signal: AbortSignal): ViewerWindow {
    const window = new ViewerWindow();
    this.#windows.set(key, window);
    const forget = (): void => {
      if (this.#windows.get(key) === window) this.#windows.delete(key);
    };
    signal.addEventListener('abort', forget, { once: true });
    return window;
  }

  #callOf(place: Place, { actor, held, signal }: Asker) {
    return {
      actor: idOf(actor),
      scopes: [places[place].scope, ...heldOf(held)],
      timeoutMs: inputTimeoutMs,
      signal,
    };
  }
}

function heldOf(held: ScopeSet): (typeof besides)[] {
  return held.has(besides) ? [besides] : [];
}

function idOf(actor: Actor): string {
  return 'id' in actor ? actor.id : actor.kind;
}

/** Viewers choose their own ids, so each is looked up beside who they are. */
function keyOf(actor: Actor, viewerId: string): string {
  return `${idOf(actor)} ${viewerId}`;
}
