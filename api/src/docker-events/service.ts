import type { Scope } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import { protocolError } from '../agents/agent-errors.ts';
import { whileLinked } from '../agents/follow.ts';
import type { Agents, AgentStream, AgentLink } from '../agents/link.ts';
import type { EngineEventsSubscription } from '../generated/agent/graphql.ts';
import { allChannels, Topic, type Topics } from '../live/topics.ts';
import type { Source } from '../live/source.ts';
import { EngineEventsDocument } from './operations.ts';

type AgentEvent = EngineEventsSubscription['engineEvents']['events'][number];

/** What Docker's events are about, and the scope that it takes to hear of it. */
export const eventScopes = {
  container: 'docker:containers:read',
  image: 'docker:images:read',
  network: 'docker:networks:read',
  volume: 'docker:volumes:read',
} as const satisfies Record<string, Scope>;
export type EventType = keyof typeof eventScopes;

/** Events of one server, as they came in. */
export interface EventBatch {
  readonly serverId: string;
  readonly events: readonly AgentEvent[];
  /** Lost before these, because somebody on the way was slow. */
  readonly missed: number;
}

export interface EventFilter {
  readonly serverIds?: readonly string[] | null | undefined;
  readonly types?: readonly EventType[] | null | undefined;
  readonly actions?: readonly string[] | null | undefined;
  readonly text?: string | null | undefined;
}

const batches = new Topic<EventBatch>({
  buffering: { keep: 'all', limit: 100 },
  channel: ({ serverId }) => serverId,
});

/** Kept of each server that is watched, for who joins them. */
const maxRecent = 200;
/** An agent sends so many at once, and so much of each, at most; what is more is no event of Docker. */
const maxBatch = 500;
const maxCharacters = 32 * 1024;
const maxBatchCharacters = 1024 * 1024;
/** Of all that is kept of a server: what agents say is held for as long as somebody watches. */
const maxRecentCharacters = 256 * 1024;

/** Docker's events of servers, listened to while somebody watches: one stream for each agent, however many watch. */
export class DockerEvents {
  readonly #agents: Agents;
  readonly #topics: Topics;
  readonly #followed = new Map<string, { readonly stop: () => void; watchers: number }>();
  readonly #recent = new Map<string, AgentEvent[]>();

  constructor(agents: Agents, topics: Topics) {
    this.#agents = agents;
    this.#topics = topics;
    topics.onDemand(batches, (channel) =>
      channel === allChannels ? this.#followAll() : this.#follow(channel),
    );
  }

  /** What happened lately, then what happens, as far as it fits and may be seen. */
  watch(filter: EventFilter, rights: Rights, signal: AbortSignal): Source<EventBatch> {
    const recent = this.recent(filter, rights);
    const source = this.#topics.subscribe(batches, {
      ...(filter.serverIds && { channels: filter.serverIds }),
      where: (batch) =>
        seenOf(batch, filter, rights).events.length > 0 ||
        (batch.missed > 0 && rights.on(batch.serverId).has('docker:containers:read')),
      signal,
    });
    for (const batch of recent) source.push(batch);
    return source;
  }

  /** What happened lately on the servers that are watched already. */
  recent(filter: EventFilter, rights: Rights): EventBatch[] {
    return [...this.#recent]
      .filter(([serverId]) => !filter.serverIds || filter.serverIds.includes(serverId))
      .map(([serverId, events]) => seenOf({ serverId, events, missed: 0 }, filter, rights))
      .filter(({ events }) => events.length > 0);
  }

  #follow(serverId: string): () => void {
    const known = this.#followed.get(serverId);
    if (known) known.watchers += 1;
    else {
      const stop = whileLinked(this.#agents, serverId, (link) => this.#listen(link));
      this.#followed.set(serverId, { stop, watchers: 1 });
    }
    return () => {
      const followed = this.#followed.get(serverId);
      if (!followed || --followed.watchers > 0) return;
      followed.stop();
      this.#followed.delete(serverId);
      this.#recent.delete(serverId);
    };
  }

  #followAll(): () => void {
    const stops = new Map<string, () => void>();
    const begin = ({ serverId }: AgentLink): void => {
      if (!stops.has(serverId)) stops.set(serverId, this.#follow(serverId));
    };
    const forget = this.#agents.onUp(begin);
    for (const link of this.#agents.all()) begin(link);
    return () => {
      forget();
      for (const stop of stops.values()) stop();
    };
  }

  #listen(link: AgentLink): AgentStream | undefined {
    const scopes = Object.values(eventScopes).filter((scope) => link.scopes.has(scope));
    if (!link.scopes.has('docker:containers:read')) return undefined;
    const { serverId } = link;
    return link.subscribe(
      EngineEventsDocument,
      {},
      { actor: 'system', scopes },
      {
        next: ({ engineEvents: { events, missed } }) => {
          // A new link begins with what happened lately, of which some was told before.
          const known = new Set(this.#recent.get(serverId)?.map(({ key }) => key));
          const news = events.filter(({ key }) => !known.has(key));
          const weight = news.reduce((sum, event) => sum + weightOf(event), 0);
          if (
            news.length > maxBatch ||
            weight > maxBatchCharacters ||
            news.some((event) => weightOf(event) > maxCharacters)
          ) {
            throw protocolError('events without an end');
          }
          if (news.length === 0) return;
          this.#recent.set(serverId, newest([...(this.#recent.get(serverId) ?? []), ...news]));
          this.#topics.publish(batches, { serverId, events: news, missed });
        },
        // The link's end is told elsewhere; a new link starts a new stream.
        end: () => undefined,
      },
    );
  }
}

const weightOf = (event: AgentEvent): number => JSON.stringify(event).length;

/** As many of the newest as are kept. */
export function newest(events: readonly AgentEvent[]): AgentEvent[] {
  let left = maxRecentCharacters;
  const kept = events
    .slice(-maxRecent)
    .toReversed()
    .filter((event) => (left -= weightOf(event)) >= 0);
  return kept.toReversed();
}

/** What of a batch fits and may be seen by the one who asks. */
export function seenOf(batch: EventBatch, filter: EventFilter, rights: Rights): EventBatch {
  const held = rights.on(batch.serverId);
  const words = (filter.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const events = batch.events.filter(({ type, action, name, id }) => {
    if (!isEventType(type) || !held.has(eventScopes[type])) return false;
    if (filter.types?.length && !filter.types.includes(type)) return false;
    if (filter.actions?.length && !filter.actions.includes(plain(action))) return false;
    const haystack = `${name}\n${id}\n${action}`.toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
  return { ...batch, events };
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventScopes, type);
}

/** Without what some actions go on with: `health_status: healthy`. */
function plain(action: string): string {
  return action.split(':')[0] ?? action;
}
