import type { Logger } from 'pino';
import type { Rights } from '../access/rights.ts';
import type { ScopeSet } from '../access/scope-set.ts';
import { seesWith, type Sees } from '../access/sees.ts';
import { containerChanges, type ContainerMirror } from '../containers/service.ts';
import type { Database } from '../database/database.ts';
import { Topic, type Topics } from '../live/topics.ts';
import { storedSamples, type Metrics } from '../metrics/service.ts';
import { serverChanges, type ServerChange } from '../servers/events.ts';
import { statusOf, type Status } from '../servers/service.ts';
import { updatePolicyChanges } from '../updates/events.ts';
import type { Updates } from '../updates/service.ts';
import { readServers } from './inventory.ts';
import { pressureAfter, type Pressure } from './pressure.ts';
import { worstFirst, type Problem } from './problem.ts';
import { problemsOf, type ServerState } from './rules.ts';

export type { Problem, ProblemCode } from './problem.ts';

/** The fleet in one look. */
export interface FleetOverview extends Readonly<Record<Status, number>> {
  readonly serversTotal: number;
  readonly containersRunning: number;
  readonly containersTotal: number;
  /** Over the servers online, 0–100 %; null when there is none. */
  readonly meanCpuPercent: number | null;
  readonly meanMemoryPercent: number | null;
  /** The worst first, at most 100. */
  readonly problems: readonly Problem[];
  readonly problemsTotal: number;
}

/** The part of the fleet that some people see, worked out for all of them at once while one of them listens. */
interface Audience {
  readonly sees: Sees;
  /** What they were told last. */
  told: string;
}

interface Told {
  readonly audience: string;
  readonly overview: FleetOverview;
}

const overviews = new Topic<Told>({
  buffering: { keep: 'latest', key: () => '' },
  channel: ({ audience }) => audience,
});

const needed: ScopeSet = new Set(['servers:read']);

export interface OverviewNeeds {
  readonly db: Pick<Database, 'prisma'>;
  readonly log: Logger;
  readonly topics: Topics;
  readonly metrics: Pick<Metrics, 'numbers' | 'sample'>;
  readonly mirror: Pick<ContainerMirror, 'peek'>;
  readonly updates: Pick<Updates, 'failed'>;
}

const mostProblems = 100;

/** What changed is looked at this often (ms). */
const everyMs = 1_000;

/** Time alone makes problems of invitations; all servers are looked at this often (ms). */
const sweepEveryMs = 60_000;

interface Entry {
  server: ServerState;
  pressure: Pressure | undefined;
  problems: readonly Problem[];
}

/** Keeps, in memory, what is wrong with every server, and says so when it changes. */
export class Overview {
  readonly #needs: OverviewNeeds;
  readonly #entries = new Map<string, Entry>();
  /** Servers whose row is to be read again, and servers whose problems are to be worked out again. */
  readonly #stale = new Set<string>();
  readonly #dirty = new Set<string>();
  /** What we said ourselves must not make us look again. */
  readonly #ours = new WeakSet<ServerChange>();
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweptAt = 0;
  /** By the key of their rights. */
  readonly #audiences = new Map<string, Audience>();
  #turn: Promise<void> = Promise.resolve();
  #reading: Promise<void> | undefined;

  constructor(needs: OverviewNeeds) {
    this.#needs = needs;
    needs.topics.onDemand(overviews, (audience) => () => this.#audiences.delete(audience));
  }

  async start(): Promise<void> {
    const { topics } = this.#needs;
    const signal = this.#ending.signal;
    // Before the first look, so that nothing falls between.
    const changes = topics.subscribe(serverChanges, { signal });
    for (const server of await readServers(this.#needs.db)) this.#know(server);
    void follow(changes, (change) => {
      if (!this.#ours.has(change)) this.#stale.add(change.serverId);
    });
    void follow(topics.subscribe(storedSamples, { signal }), (measured) => {
      const entry = this.#entries.get(measured.serverId);
      if (!entry) return;
      entry.pressure = pressureAfter(entry.pressure, measured);
      this.#dirty.add(measured.serverId);
    });
    void follow(topics.subscribe(updatePolicyChanges, { signal }), ({ serverId }) => {
      this.#dirty.add(serverId);
    });
    void this.#followContainers(signal);
    for (const entry of this.#entries.values()) entry.problems = this.#judge(entry);
    this.#next();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** Takes in changes that were told and not looked at yet: who changed something sees it in the next answer. */
  async upToDate(): Promise<void> {
    try {
      while (this.#stale.size > 0 || this.#reading) await this.#readStale();
    } catch (error) {
      // What was known goes on being told until the database is back.
      this.#needs.log.debug({ err: error }, 'the overview could not be brought up to date');
    }
    this.#judgeDirty();
  }

  /** What is wrong with a server now, the worst first. */
  problems(serverId: string): Problem[] {
    const entry = this.#entries.get(serverId);
    return entry ? worstFirst(this.#judge(entry)) : [];
  }

  /** The fleet as it is known now, as far as someone with these rights sees it. */
  now(rights: Rights): FleetOverview {
    return this.#overview(seesWith(rights, 'servers:read'));
  }

  /** The same whenever it changed, at most once a second. */
  follow(rights: Rights, signal: AbortSignal): AsyncIterable<{ readonly overview: FleetOverview }> {
    const seen = rights.only(needed);
    const source = this.#needs.topics.subscribe(overviews, { channels: [seen.key], signal });
    if (!source.ended && !this.#audiences.has(seen.key)) {
      this.#audiences.set(seen.key, { sees: seesWith(seen, 'servers:read'), told: '' });
    }
    return source;
  }

  #overview(sees: Sees): FleetOverview {
    const { metrics, mirror } = this.#needs;
    const counts: Record<Status, number> = {
      connecting: 0,
      error: 0,
      maintenance: 0,
      offline: 0,
      online: 0,
      pending: 0,
    };
    const problems: Problem[] = [];
    let [containersRunning, containersTotal, measured, cpu, memory] = [0, 0, 0, 0, 0];
    let serversTotal = 0;
    for (const { server, problems: theirs } of this.#entries.values()) {
      if (sees?.(server.id) === false) continue;
      serversTotal += 1;
      counts[statusOf(server)] += 1;
      problems.push(...theirs);
      const numbers = metrics.numbers(server.id);
      for (const { state } of mirror.peek(server.id)?.containers.values() ?? []) {
        containersTotal += 1;
        if (state === 'RUNNING') containersRunning += 1;
      }
      if (server.connection !== 'online' || !numbers) continue;
      measured += 1;
      cpu += numbers.cpuPercent;
      memory += numbers.memoryPercent;
    }
    return {
      ...counts,
      serversTotal,
      containersRunning,
      containersTotal,
      meanCpuPercent: measured > 0 ? tenths(cpu / measured) : null,
      meanMemoryPercent: measured > 0 ? tenths(memory / measured) : null,
      problems: worstFirst(problems).slice(0, mostProblems),
      problemsTotal: problems.length,
    };
  }

  #know(server: ServerState): void {
    const entry = this.#entries.get(server.id) ?? { server, pressure: undefined, problems: [] };
    entry.server = server;
    this.#entries.set(server.id, entry);
    this.#dirty.add(server.id);
  }

  #judge({ server, pressure }: Entry): Problem[] {
    const { metrics, mirror, updates } = this.#needs;
    return problemsOf({
      server,
      pressure,
      newest: metrics.sample(server.id),
      containers: mirror.peek(server.id),
      failedUpdates: updates.failed(server.id),
      now: Date.now(),
    });
  }

  async #followContainers(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow(this.#needs.topics.subscribe(containerChanges, { signal }), ({ serverId }) => {
          this.#dirty.add(serverId);
        });
      } catch {
        // More changes at once than a listener may have waiting: look at all of them.
        for (const serverId of this.#entries.keys()) this.#dirty.add(serverId);
      }
    }
  }

  #next(): void {
    if (this.#ending.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#turn = this.#look()
        .catch((error: unknown) => {
          this.#needs.log.warn({ err: error }, 'the overview could not be brought up to date');
        })
        .finally(() => this.#next());
    }, everyMs);
  }

  async #look(): Promise<void> {
    await this.upToDate();
    if (performance.now() - this.#sweptAt > sweepEveryMs) {
      this.#sweptAt = performance.now();
      for (const serverId of this.#entries.keys()) this.#dirty.add(serverId);
    }
    this.#judgeDirty();
    for (const [key, audience] of this.#audiences) {
      const overview = this.#overview(audience.sees);
      const text = JSON.stringify(overview);
      if (text === audience.told) continue;
      audience.told = text;
      this.#needs.topics.publish(overviews, { audience: key, overview });
    }
  }

  #readStale(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const ids = [...this.#stale];
    this.#stale.clear();
    try {
      const found = await readServers(this.#needs.db, ids);
      const gone = new Set(ids);
      for (const server of found) {
        gone.delete(server.id);
        this.#know(server);
      }
      for (const serverId of gone) this.#entries.delete(serverId);
    } catch (error) {
      for (const serverId of ids) this.#stale.add(serverId);
      throw error;
    }
  }

  #judgeDirty(): void {
    for (const serverId of this.#dirty) this.#judgeAgain(serverId);
    this.#dirty.clear();
  }

  #judgeAgain(serverId: string): void {
    const entry = this.#entries.get(serverId);
    if (!entry) return;
    const before = entry.problems;
    entry.problems = this.#judge(entry);
    if (sameProblems(before, entry.problems)) return;
    const change: ServerChange = { serverId, kind: 'STATUS' };
    this.#ours.add(change);
    this.#needs.topics.publish(serverChanges, change);
  }
}

async function follow<Event>(events: AsyncIterable<Event>, take: (event: Event) => void): Promise<void> {
  for await (const event of events) take(event);
}

/** Values come and go with every sample; what counts is what is wrong with what. */
function sameProblems(before: readonly Problem[], after: readonly Problem[]): boolean {
  const keys = (list: readonly Problem[]) =>
    list.map(({ code, severity, subject }) => `${code} ${severity} ${subject}`).join('\n');
  return before.length === after.length && keys(before) === keys(after);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
