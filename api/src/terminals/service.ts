import type { Logger } from 'pino';
import { bulkWindowBytes } from '@serverkit/wire/handshake.ts';
import type { Scope } from '@serverkit/wire/scopes.ts';
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
import { OpenContainerTerminalDocument, OpenHostTerminalDocument } from './operations.ts';
import { places, type Place } from './places.ts';
import { Attendance } from './attendance.ts';
import { TerminalRecords } from './records.ts';
import { ViewerWindow } from './window.ts';

export type Terminal = TerminalFieldsFragment;
export type TerminalEvent = ContainerTerminalSubscription['event'];

export interface Size {
  readonly columns: number;
  readonly rows: number;
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
}

export class Terminals {
  readonly #agents: AgentService;
  readonly #containers: Containers;
  /** Of viewers who say what they have shown. */
  readonly #windows = new Map<string, ViewerWindow>();
  readonly #attendance: Attendance;
  readonly #records: TerminalRecords;

  constructor({ agents, containers, audit, db, log }: TerminalsOptions) {
    this.#agents = agents;
    this.#containers = containers;
    this.#attendance = new Attendance({ audit, db });
    this.#records = new TerminalRecords({ agents, audit, db, log });
  }

  /** @throws ServerKitError */
  async openInContainer(
    serverId: string,
    containerId: string,
    { user, ...size }: Size & { readonly user: string | null },
    { actor, held, signal }: Asker,
  ): Promise<Terminal> {
    const id = newId('terminal');
    const target = this.#containers.target(serverId, containerId);
    return this.#records.opening({ id, serverId, actor, target }, async () => {
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
  }

  /** A shell of the server itself. @throws ServerKitError AGENT_REFUSED when its agent has none, and how to change that */
  async openOnHost(serverId: string, size: Size, { actor, signal }: Asker): Promise<Terminal> {
    const id = newId('terminal');
    const target = { kind: 'server', id: serverId };
    return this.#records.opening({ id, serverId, actor, target }, async () => {
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
    return terminals;
  }

  /** What was typed, in the order of asking. Not on record: passwords are typed. @throws ServerKitError */
  async write(
    { place, serverId, terminalId: id }: TerminalTarget,
    text: string,
    asker: Asker,
  ): Promise<void> {
    const { write } = places[place];
    await this.enter({ place, serverId, terminalId: id }, asker);
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
    return terminal;
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
  follow(
    { place, serverId, terminalId: id }: TerminalTarget,
    viewer: Viewer,
  ): AsyncIterableIterator<TerminalEvent, undefined> {
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
        bytesOf: ({ text }: TerminalEvent) => Buffer.byteLength(text ?? ''),
        weightOf: ({ text }: TerminalEvent) => (text?.length ?? 0) + 64,
        noun: 'a terminal',
      },
      {
        actor: idOf(viewer.actor),
        signal,
        ...(socket && { socket }),
        ...(window && { taken: ({ text }: TerminalEvent) => window.sent(text?.length ?? 0, signal) }),
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
