import { existsSync, realpathSync, watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../errors.ts';
import type { Log } from '../log.ts';
import { Notifier } from '../notifier.ts';
import type { DockerFacts, Label } from './container.ts';
import { filters, type Engine } from './engine.ts';
import { number, object, parse, text, textOrNull, type JsonObject } from './json.ts';
import { eachLine } from './lines.ts';
import { ownLabel } from './own.ts';
import { engineFacts, noEngine } from './probe.ts';

export interface EngineEvent {
  /** container, image, network or volume. */
  readonly type: string;
  /** create, start, die, health_status: healthy, … */
  readonly action: string;
  /** Of what it happened to. */
  readonly id: string;
  /** The container that a network was connected to or cut off from. */
  readonly container: string | null;
  /** What it is called; its id where it has no name. */
  readonly name: string;
  /** The few attributes that tell more of the event: never labels, which may hold anything. */
  readonly details: readonly Label[];
  /** Of something that says an agent made it for its own use. */
  readonly own: boolean;
  /** Ms since 1970, by the engine's clock. */
  readonly at: number;
}

export interface WatcherListener {
  /** The engine answers, and events are being listened to: look at everything anew. */
  up(): Promise<void>;
  down(): void;
  event(event: EngineEvent): void;
}

/** Listens to the engine's events for good, and so knows whether it is there. */
export interface Watcher {
  facts(): DockerFacts;
  close(): void;
}

export interface WatcherOptions {
  readonly engine: Engine;
  readonly socket: string;
  readonly log: Log;
  readonly listener: WatcherListener;
}

/** The longest wait between two attempts. An attempt on a socket that is not there costs a tenth of a ms. Ms. */
const LONGEST_WAIT = 2000;
const SHORTEST_WAIT = 100;

/** Left out: exec_create and its like, which every health check causes. */
const events =
  'create start die destroy pause unpause rename update health_status oom stop kill restart connect disconnect ' +
  'pull push tag untag delete import load commit save prune remove';

const telling = 'image exitCode signal oldName container driver reclaimed'.split(' ');

export function watchEngine({ engine, socket, log, listener }: WatcherOptions): Watcher {
  const stopping = new AbortController();
  const nudge = new Notifier();
  const pidFile = path.join(path.dirname(socket), 'docker.pid');
  let facts = noEngine('Docker was not looked for yet.');
  let keepsPidFile = false;
  let wait = SHORTEST_WAIT;
  const stopWatching = watchFolder(socket, () => {
    wait = SHORTEST_WAIT;
    nudge.notify();
  });

  async function connect(): Promise<void> {
    const connection = new AbortController();
    const stream = await engine.stream(
      '/events',
      filters({ type: ['container', 'image', 'network', 'volume'], event: events.split(' ') }),
      AbortSignal.any([stopping.signal, connection.signal]),
    );
    try {
      const listening = eachLine(stream, (line) => {
        listener.event(eventOf(object(parse(line))));
      });
      await Promise.race([
        cameUp(connection.signal),
        listening.then(() => Promise.reject(new Error('it closed the connection'))),
      ]);
      await listening;
    } finally {
      connection.abort();
      stream.destroy();
    }
  }

  async function cameUp(gone: AbortSignal): Promise<void> {
    const found = await engineFacts(engine);
    if (gone.aborted) return;
    facts = found;
    keepsPidFile = existsSync(pidFile);
    wait = SHORTEST_WAIT;
    await listener.up();
    log.info('Docker is available', { version: facts.version ?? undefined });
  }

  function wentDown(error: unknown): void {
    const reason = error === undefined ? 'Docker went away.' : describe(error);
    if (facts.available || facts.error !== reason) log.warn(reason);
    const wasAvailable = facts.available;
    facts = noEngine(reason);
    if (wasAvailable) listener.down();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // A socket that systemd holds open starts the engine at the first knock, so knocking would undo a
      // `systemctl stop docker`. An engine that keeps a pid file and has removed it was stopped: wait for the file.
      if (!keepsPidFile || existsSync(pidFile)) {
        try {
          await connect();
          if (!stopping.signal.aborted) wentDown(undefined);
        } catch (error) {
          if (!stopping.signal.aborted) wentDown(error);
        }
      }
      if (stopping.signal.aborted) return;
      const nap = new AbortController();
      await Promise.race([
        sleep(wait, undefined, { signal: nap.signal }).catch(() => undefined),
        nudge.wait(AbortSignal.any([nap.signal, stopping.signal])),
      ]);
      nap.abort();
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  }

  run().catch((error: unknown) => log.error('the watch over Docker ended', { reason: describe(error) }));

  return {
    facts: () => facts,
    close() {
      stopping.abort();
      stopWatching();
    },
  };
}

function eventOf(event: JsonObject): EngineEvent {
  const actor = object(event['Actor']);
  const attributes = object(actor['Attributes']);
  const id = text(actor['ID']);
  const seconds = number(event['time']) ?? 0;
  const nanoseconds = number(event['timeNano']);
  return {
    type: text(event['Type']),
    action: text(event['Action']),
    id,
    container: textOrNull(attributes['container']),
    name: text(attributes['name']) || id,
    details: telling.flatMap((key) => {
      const value = text(attributes[key]);
      return value === '' ? [] : [{ key, value }];
    }),
    own: ownLabel in attributes,
    at: nanoseconds === null ? seconds * 1000 : Math.floor(nanoseconds / 1e6),
  };
}

/** Notices at once when a socket or pid file appears; where that cannot be watched, attempts alone notice. */
function watchFolder(socket: string, changed: () => void): () => void {
  const names = new Set([path.basename(socket), 'docker.pid']);
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(realpathSync(path.dirname(socket)), { persistent: false }, (_event, name) => {
      if (name !== null && names.has(name)) changed();
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // The folder is not there, or the host has no watches left.
  }
  return () => watcher?.close();
}
