import { afterEach, describe, expect, test } from 'vitest';
import type { AgentLink, Agents, StreamSink } from '../agents/link.ts';
import { ServerKitError } from '../errors.ts';
import { Topics } from '../live/topics.ts';
import { containerChanges, type ContainerChange } from '../containers/service.ts';
import { mergeLogs, type MergedPart } from './merged.ts';
import { roomEach } from './merge.ts';
import type { LogRange } from './source.ts';

const stamp = (second: number) => `2026-11-22T10:00:${String(second).padStart(2, '0')}.000000000Z`;
const said = (second: number, text: string) => ({
  containerLogs: {
    segments: [{ stream: 'STDOUT', text: `${stamp(second)} ${text}\n`, partial: false }],
  },
});

/** One log as its agent sends it. */
interface Log {
  readonly variables: Record<string, unknown>;
  readonly sink: StreamSink<object>;
  granted: number;
  stopped: boolean;
}

/** Agents of which each log that is asked for is held by the test. */
class HeldAgents implements Agents {
  readonly logs: Log[] = [];
  readonly #links = new Map<string, { link: AgentLink; closing: AbortController }>();
  readonly #listeners = new Set<(link: AgentLink) => void>();
  readonly #asked: { readonly at: number; readonly tell: (log: Log) => void }[] = [];

  up(serverId: string): void {
    const closing = new AbortController();
    const link = {
      serverId,
      closed: closing.signal,
      subscribe: (
        _document: unknown,
        variables: Record<string, unknown>,
        _call: unknown,
        sink: StreamSink<object>,
      ) => {
        const log: Log = { variables, sink, granted: 0, stopped: false };
        const at = this.logs.push(log) - 1;
        for (const asked of this.#asked) if (asked.at === at) asked.tell(log);
        return {
          id: String(at),
          grant: (bytes: number) => void (log.granted += bytes),
          stop: () => void (log.stopped = true),
        };
      },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
    const whole = link as unknown as AgentLink;
    this.#links.set(serverId, { link: whole, closing });
    for (const listener of this.#listeners) listener(whole);
  }

  down(serverId: string): void {
    const found = this.#links.get(serverId);
    this.#links.delete(serverId);
    found?.closing.abort();
    for (const { sink, stopped } of this.logs)
      if (!stopped) sink.end(new ServerKitError('AGENT_OFFLINE', 'It went away.'));
  }

  /** The log that is asked for as the nth, once it is. */
  log(at: number): Promise<Log> {
    const log = this.logs[at];
    return log ? Promise.resolve(log) : new Promise((tell) => this.#asked.push({ at, tell }));
  }

  get = (serverId: string) => this.#links.get(serverId)?.link;
  require = (serverId: string) => {
    const link = this.get(serverId);
    if (!link) throw new ServerKitError('AGENT_OFFLINE', 'offline');
    return link;
  };
  all = () => [...this.#links.values()].map(({ link }) => link);
  onUp = (listener: (link: AgentLink) => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
}

const all: LogRange = {
  tail: null,
  sinceMs: null,
  untilMs: null,
  follow: true,
  stdout: true,
  stderr: true,
};
const leaving: AbortController[] = [];
/** Whether all containers are known to run. */
const running = new Set<'all'>();
afterEach(() => {
  running.clear();
  for (const reader of leaving.splice(0)) reader.abort();
});

function opened(places: readonly string[], range: Partial<LogRange> = {}) {
  const agents = new HeldAgents();
  const topics = new Topics();
  for (const server of new Set(places.map((place) => place.split('/')[0] ?? ''))) agents.up(server);
  const reader = new AbortController();
  leaving.push(reader);
  const sources = places.map((place) => {
    const [serverId = '', containerId = ''] = place.split('/');
    return { serverId, containerId, aheadMs: 0, after: null };
  });
  const parts = mergeLogs(
    { sources, range: { ...all, ...range }, filter: null },
    {
      agents,
      changes: (serverId, signal) => topics.subscribe(containerChanges, { channels: [serverId], signal }),
      runs: () => running.has('all'),
      actor: 'usr_1',
      signal: reader.signal,
    },
  );
  const told: MergedPart[] = [];
  /** Reads on until what was told holds. */
  async function until<Value>(find: () => Value | undefined): Promise<Value> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const step = await parts.next();
      if (step.done) throw new Error('it ended');
      told.push(step.value);
    }
  }
  const texts = () =>
    told.flatMap(({ pieces }) => pieces.map(({ text, from }) => text.slice(from).trimEnd()));
  const state = (source: number) =>
    told.flatMap(({ reports }) => reports).findLast((report) => report.source === source);
  /** Lines and states as they were told. */
  const order = () =>
    told.flatMap(({ pieces, reports }) =>
      pieces
        .map(({ text, from }) => text.slice(from).trimEnd())
        .concat(reports.map(({ source, state: now }) => `${source} ${now}`)),
    );
  return { agents, topics, reader, parts, until, texts, state, order };
}

/** How a container is told to run. */
function runs(serverId: string, name: string): ContainerChange {
  const change = {
    serverId,
    kind: 'DELTA',
    containers: [{ id: name.repeat(64), name, state: 'RUNNING' }],
    removedIds: [],
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no more of it is looked at
  return change as unknown as ContainerChange;
}

describe('several logs', () => {
  test('run into one, in the order of time, and end when all have', async () => {
    const { agents, parts, until, texts } = opened(['s1/a', 's2/b'], { follow: false });
    const [a, b] = await Promise.all([agents.log(0), agents.log(1)]);
    a.sink.next(said(1, 'one'));
    a.sink.next(said(3, 'three'));
    b.sink.next(said(2, 'two'));
    b.sink.next(said(4, 'four'));
    a.sink.end();
    b.sink.end();
    await until(() => (texts().length === 4 ? true : undefined));
    expect(texts()).toEqual(['one', 'two', 'three', 'four']);
    for (;;) if ((await parts.next()).done) break;
  });

  test('tell of each how it is, and go on without one that fails', async () => {
    const { agents, until, texts, state } = opened(['s1/a', 's1/b']);
    const [a, b] = await Promise.all([agents.log(0), agents.log(1)]);
    b.sink.end(new ServerKitError('AGENT_REFUSED', 'Not here.'));
    expect(await until(() => (state(1)?.state === 'FAILED' ? state(1) : undefined))).toMatchObject({
      error: { code: 'AGENT_REFUSED' },
    });
    a.sink.next(said(1, 'one'));
    await until(() => texts().at(0));
    expect(texts()).toEqual(['one']);
    expect(state(0)?.state).toBe('READING');
  });

  test('tell that one has ended after its last line, not before', async () => {
    const { agents, until, texts, state, order } = opened(['s1/a', 's2/b'], { follow: false });
    const [a, b] = await Promise.all([agents.log(0), agents.log(1)]);
    a.sink.next(said(1, 'one'));
    a.sink.end(new ServerKitError('AGENT_OFFLINE', 'It went away.'));
    const reading = until(() => texts().at(0));
    // All of the one is here, and waits: the other may still say what was written earlier.
    for (let idle = 0; idle < 20; idle += 1) await new Promise(setImmediate);
    b.sink.next(said(2, 'two'));
    await reading;
    b.sink.end();
    await until(() => (state(1)?.state === 'ENDED' ? true : undefined));
    const ended = order().filter((what) => !/OPENING|READING/.test(what));
    expect(ended.toSorted()).toEqual(['0 OFFLINE', '1 ENDED', 'one', 'two']);
    expect(ended.indexOf('one')).toBeLessThan(ended.indexOf('0 OFFLINE'));
    expect(ended.indexOf('two')).toBeLessThan(ended.indexOf('1 ENDED'));
  });

  test('name one whose server is offline, and go on with it, from its last line, when it is back', async () => {
    const { agents, until, texts, state } = opened(['s1/a']);
    (await agents.log(0)).sink.next(said(1, 'one'));
    await until(() => texts().at(0));
    agents.down('s1');
    await until(() => (state(0)?.state === 'OFFLINE' ? true : undefined));
    agents.up('s1');
    const again = await agents.log(1);
    expect(again.variables).toMatchObject({ sinceMs: Date.parse(stamp(1)), tail: null });
    again.sink.next(said(1, 'one'));
    again.sink.next(said(2, 'two'));
    await until(() => texts().at(1));
    expect(texts()).toEqual(['one', 'two']);
  });

  test('go on with a container that is started again', async () => {
    const { agents, topics, until, texts, state } = opened(['s1/a']);
    const first = await agents.log(0);
    first.sink.next(said(1, 'one'));
    await until(() => texts().at(0));
    first.sink.end();
    await until(() => (state(0)?.state === 'ENDED' ? true : undefined));
    topics.publish(containerChanges, runs('s1', 'other'));
    topics.publish(containerChanges, runs('s1', 'a'));
    (await agents.log(1)).sink.next(said(2, 'two'));
    await until(() => texts().at(1));
    expect(agents.logs).toHaveLength(2);
  });

  test('go on with a container that was started again before its end was read', async () => {
    const { agents, until, texts } = opened(['s1/a']);
    const first = await agents.log(0);
    first.sink.next(said(1, 'one'));
    first.sink.end();
    running.add('all');
    const reading = until(() => texts().at(1));
    (await agents.log(1)).sink.next(said(2, 'two'));
    await reading;
    expect(texts()).toEqual(['one', 'two']);
  });

  test('that nobody waits for are left at once', async () => {
    const { agents, parts } = opened(['s1/a', 's1/b']);
    const [a, b] = await Promise.all([agents.log(0), agents.log(1)]);
    await parts.next();
    const waiting = parts.next();
    await parts.return?.();
    expect(await waiting).toMatchObject({ done: true });
    expect([a.stopped, b.stopped]).toEqual([true, true]);
  });
});

test('a log that says much is read no faster than its reader reads, and the other one is heard', async () => {
  const { agents, until, texts } = opened(['s1/loud', 's1/quiet']);
  const [loud, quiet] = await Promise.all([agents.log(0), agents.log(1)]);
  const window = 256 * 1024;
  const text = 'x'.repeat(60_000);
  let sent = 0;
  let bytes = 0;
  /** As an agent does: what its credit pays for, and no more. */
  async function pour(): Promise<void> {
    for (let idle = 0; idle < 20;) {
      const batch = said(1, text);
      const size = Buffer.byteLength(JSON.stringify(batch));
      if (bytes + size > window + loud.granted) {
        await new Promise(setImmediate);
        idle += 1;
        continue;
      }
      idle = 0;
      loud.sink.next(batch);
      bytes += size;
      sent += 1;
    }
  }
  // Nobody reads: what the loud one may say is bounded by its window and its room.
  await pour();
  expect(bytes).toBeLessThan(2 * (window + roomEach));
  expect(quiet.stopped).toBe(false);
  quiet.sink.next(said(0, 'heard'));
  await until(() => texts().find((line) => line === 'heard'));
  await pour();
  expect(sent).toBeGreaterThan(4);
});
