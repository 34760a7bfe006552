import { allServers, ContainerEventsDocument, ServerEventsDocument, type Client } from '../../src/node.ts';
import { text, type Command } from '../command.ts';
import { findServer } from '../targets.ts';
import { Inbox } from '../../src/inbox.ts';

interface Event {
  readonly at: string;
  readonly kind: string;
  readonly server: string;
  readonly container?: string;
  readonly what: string;
}

export const events: Command = {
  usage: 'events [--server NAME]',
  summary: 'follow what happens to servers and containers',
  options: { server: { type: 'string' } },
  async run(run) {
    const { output } = run;
    const client = run.client();
    const reference = text(run, 'server');
    const server = reference === undefined ? undefined : await findServer(client, reference);
    for await (const event of both(client, server?.id, run.signal)) {
      if (output.json) await output.object(event);
      else {
        const place = event.container === undefined ? event.server : `${event.server}/${event.container}`;
        await output.line(`${event.at.slice(0, 19)}  ${place}: ${event.what}`);
      }
    }
  },
};

// Two subscriptions as one; the first to end ends both.
async function* both(
  client: Client,
  serverId: string | undefined,
  outer: AbortSignal,
): AsyncGenerator<Event, undefined> {
  const either = new AbortController();
  const signal = AbortSignal.any([outer, either.signal]);
  const inbox = new Inbox<Event>();
  const names = new Map<string, string>();
  for await (const { id, name } of allServers(client, {}, { signal })) names.set(id, name);
  const follow = async (source: AsyncIterable<Event>): Promise<void> => {
    try {
      for await (const event of source) inbox.put(event);
      inbox.end();
    } catch (error) {
      inbox.end({ error });
    }
  };
  void follow(serverEvents(client, serverId, names, signal));
  void follow(containerEvents(client, serverId, names, signal));
  try {
    for (let next = await inbox.take(); !next.done; next = await inbox.take()) yield next.value;
  } finally {
    either.abort();
  }
  return undefined;
}

async function* serverEvents(
  client: Client,
  serverId: string | undefined,
  names: Map<string, string>,
  signal: AbortSignal,
): AsyncGenerator<Event, undefined> {
  for await (const { serverEvents: event } of client.subscribe(ServerEventsDocument, {}, { signal })) {
    if (serverId !== undefined && event.serverId !== serverId) continue;
    if (event.server) names.set(event.serverId, event.server.name);
    yield {
      at: new Date().toISOString(),
      kind: `server.${event.kind.toLowerCase()}`,
      server: names.get(event.serverId) ?? event.serverId,
      what:
        event.kind === 'STATUS' ? (event.server?.status.toLowerCase() ?? 'gone') : event.kind.toLowerCase(),
    };
  }
  return undefined;
}

async function* containerEvents(
  client: Client,
  serverId: string | undefined,
  names: Map<string, string>,
  signal: AbortSignal,
): AsyncGenerator<Event, undefined> {
  const known = new Map<string, string>();
  const changes = client.subscribe(ContainerEventsDocument, serverId === undefined ? {} : { serverId }, {
    signal,
  });
  for await (const { containerEvents: event } of changes) {
    const server = names.get(event.serverId) ?? event.serverId;
    for (const { id, name, status } of event.containers) {
      known.set(id, name);
      if (event.kind !== 'DELTA') continue;
      yield { at: event.observedAt, kind: 'container.changed', server, container: name, what: status };
    }
    for (const id of event.removedIds) {
      const container = known.get(id) ?? id.slice(0, 12);
      known.delete(id);
      yield { at: event.observedAt, kind: 'container.removed', server, container, what: 'removed' };
    }
  }
  return undefined;
}
