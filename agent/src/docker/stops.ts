import { filters, type Engine } from './engine.ts';
import { number, object, parse, text } from './json.ts';
import { eachLine } from './lines.ts';

/** SIGKILL, as the engine names it in its events: what ends a stop that a container did not listen to. */
const KILL = '9';
/** SIGHUP, SIGUSR1, SIGUSR2: what programs read their settings anew for, and do not end. */
const reloads: ReadonlySet<string> = new Set(['1', '10', '12']);
/** The engine answers from memory. Ms. */
const PATIENCE = 30_000;
/** What a container is given to end in, at most. Ms. */
const STOPPING = 10 * 60_000;

/** Of the engine's events, what a stop is made of. */
export interface StopEvent {
  readonly id: string;
  /** kill: somebody had it told a signal, which no container does to itself. start: it runs again. */
  readonly action: string;
  readonly signal: string;
  /** Ms since 1970. */
  readonly at: number;
}

/**
 * Containers that somebody has told to stop later than that and that were not started since. What ends by itself, or with
 * the machine, is none of them. A stop that was begun before goes on after it, and counts as before.
 */
export function toldToStop(events: readonly StopEvent[], since: number): Set<string> {
  /** By container, when the stop began that it is in. */
  const begun = new Map<string, number>();
  for (const { id, action, signal, at } of events) {
    if (action === 'start') begun.delete(id);
    else if (!reloads.has(signal) && (signal !== KILL || !begun.has(id))) begun.set(id, at);
  }
  return new Set([...begun].flatMap(([id, at]) => (at > since ? [id] : [])));
}

/**
 * What the engine remembers of the stops of these containers, oldest first: of all that happened, the last 256 events, and
 * none of before it was started itself (daemon/events of moby).
 *
 * @throws AgentError
 */
export async function stopsOf(engine: Pick<Engine, 'open'>, ids: readonly string[]): Promise<StopEvent[]> {
  if (ids.length === 0) return [];
  const found: StopEvent[] = [];
  const stream = await engine.open('GET', '/events', {
    query: {
      since: 1,
      until: (Date.now() / 1000).toFixed(3),
      ...filters({ type: ['container'], event: ['kill', 'start'], container: ids }),
    },
    signal: AbortSignal.timeout(PATIENCE),
  });
  await eachLine(stream, (line) => {
    const event = object(parse(line));
    const actor = object(event['Actor']);
    found.push({
      id: text(actor['ID']),
      action: text(event['Action']),
      signal: text(object(actor['Attributes'])['signal']),
      at: (number(event['timeNano']) ?? 0) / 1e6,
    });
  });
  return found;
}

/**
 * Waits until containers have stopped that were told to: the engine goes on with it when whoever asked is gone, and what was
 * started meanwhile would be ended by it.
 *
 * @throws AgentError
 */
export async function untilStopped(engine: Pick<Engine, 'post'>, ids: Iterable<string>): Promise<void> {
  await Promise.all([...ids].map((id) => engine.post(`/containers/${id}/stop`, {}, STOPPING)));
}
