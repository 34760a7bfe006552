import type { Failure } from '../api/failure.ts';
import { subscribe } from '../api/operations.ts';
import { perFrame } from '../frame.ts';
import { graphql } from '../generated/gql.ts';
import type { DockerEvents_WatchSubscription, DockerEventType } from '../generated/graphql.ts';

const Watch = graphql(`
  subscription DockerEvents_Watch($serverIds: [ID!], $types: [DockerEventType!], $actions: [String!]) {
    dockerEvents(serverIds: $serverIds, types: $types, actions: $actions) {
      serverId
      missed
      events {
        key
        at
        type
        action
        id
        name
        details {
          key
          value
        }
      }
    }
  }
`);

type Batch = DockerEvents_WatchSubscription['dockerEvents'];
type EventRow = Batch['events'][number];

export interface EventEntry {
  readonly key: string;
  readonly serverId: string;
  readonly row: EventRow;
}

/** Kept in sight; older ones are forgotten. */
const most = 1_000;

/** What happens in Docker, the newest first. */
export class DockerEvents {
  list = $state.raw<readonly EventEntry[]>([]);
  missed = $state(0);
  failure = $state.raw<Failure | null>(null);
  #known = new Set<string>();

  /** Follows the events of these servers, or of all, until the returned function is called. */
  start(serverIds: readonly string[]): () => void {
    this.list = [];
    this.missed = 0;
    this.failure = null;
    this.#known.clear();
    const frame = perFrame<string, EventEntry>((fresh) => this.#take([...fresh.values()]));
    const stop = subscribe(
      Watch,
      { serverIds: serverIds.length === 0 ? null : [...serverIds], types: null, actions: null },
      {
        next: ({ dockerEvents: { serverId, events, missed } }) => {
          this.missed += missed;
          for (const row of events) {
            const key = `${serverId}/${row.key}`;
            if (!this.#known.has(key)) frame.add(key, { key, serverId, row });
          }
        },
        failed: (failure) => (this.failure = failure),
      },
    );
    return () => {
      stop();
      frame.stop();
    };
  }

  #take(fresh: readonly EventEntry[]): void {
    this.list = [...fresh, ...this.list]
      .toSorted((a, b) => Date.parse(b.row.at) - Date.parse(a.row.at))
      .slice(0, most);
    this.#known = new Set(this.list.map(({ key }) => key));
  }
}

/** Events that come together are one reason to look anew. Milliseconds. */
const settleMs = 400;

/**
 * Calls back when something of these types has happened, until the returned function is called: for lists that are read
 * and not followed.
 *
 * @param actions - only these; all when empty
 */
export function onDockerChange(
  serverId: string | null,
  types: readonly DockerEventType[],
  changed: () => void,
  actions: readonly string[] = [],
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = subscribe(
    Watch,
    {
      serverIds: serverId === null ? null : [serverId],
      types: [...types],
      actions: actions.length === 0 ? null : [...actions],
    },
    {
      next: ({ dockerEvents: { events } }) => {
        // What happened lately is told first: the list may have been read just before it, and no clock of another machine
        // says so for sure.
        if (timer !== undefined || events.length === 0) return;
        timer = setTimeout(() => {
          timer = undefined;
          changed();
        }, settleMs);
      },
    },
  );
  return () => {
    stop();
    clearTimeout(timer);
  };
}
