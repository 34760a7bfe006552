import type { TestContainer } from '../../testing/docker.ts';
import type { TestSubscription } from '../../testing/graphql-client.ts';
import type { JobRig } from './rig.ts';

interface Segments {
  readonly segments: readonly { readonly text: string }[];
}

/** All that can be watched of a server and one of its containers. */
export interface Watched extends AsyncDisposable {
  readonly log: TestSubscription<{ containerLogs: Segments }>;
  readonly merged: TestSubscription<{ mergedLogs: Segments }>;
  readonly containers: TestSubscription<{ containerEvents: { containers: { name: string }[] } }>;
  readonly events: TestSubscription<{ dockerEvents: { events: { name: string }[] } }>;
  readonly use: TestSubscription<{ serverContainerStats: { items: { containerId: string }[] } }>;
  readonly terminal: TestSubscription<{ containerTerminal: { text: string | null } }>;
  /** Another look at the same terminal, which its caller ends. */
  again(): TestSubscription<{ containerTerminal: { text: string | null } }>;
  type(text: string): Promise<void>;
}

const documents = {
  log: 'subscription ($serverId: ID!, $containerId: ID!) { containerLogs(serverId: $serverId, containerId: $containerId) { segments { text } } }',
  merged:
    'subscription ($serverId: ID!, $containerId: ID!) { mergedLogs(sources: [{ serverId: $serverId, containerId: $containerId }]) { segments { text } } }',
  containers:
    'subscription ($serverId: ID!) { containerEvents(serverId: $serverId) { containers { name } } }',
  events: 'subscription ($serverId: ID!) { dockerEvents(serverIds: [$serverId]) { events { name } } }',
  use: 'subscription ($serverId: ID!) { serverContainerStats(serverId: $serverId) { items { containerId } } }',
  terminal:
    'subscription ($serverId: ID!, $terminalId: ID!) { containerTerminal(serverId: $serverId, terminalId: $terminalId) { text } }',
  open: 'mutation ($input: OpenContainerTerminalInput!) { openContainerTerminal(input: $input) { terminal { id } } }',
  write:
    'mutation ($input: WriteContainerTerminalInput!) { writeContainerTerminal(input: $input) { terminalId } }',
} as const;

export async function watch({ admin, serverId }: JobRig, { id }: TestContainer): Promise<Watched> {
  await using all = new AsyncDisposableStack();
  const server = { serverId };
  const container = { serverId, containerId: id };
  const { openContainerTerminal } = await admin.query<{
    openContainerTerminal: { terminal: { id: string } };
  }>(documents.open, { input: { ...container, columns: 80, rows: 24 } });
  const terminal = { serverId, terminalId: openContainerTerminal.terminal.id };
  const again = (): Watched['terminal'] => admin.subscribe(documents.terminal, terminal);
  const watched = {
    log: all.use(admin.subscribe<{ containerLogs: Segments }>(documents.log, container)),
    merged: all.use(admin.subscribe<{ mergedLogs: Segments }>(documents.merged, container)),
    containers: all.use(
      admin.subscribe<{ containerEvents: { containers: { name: string }[] } }>(documents.containers, server),
    ),
    events: all.use(
      admin.subscribe<{ dockerEvents: { events: { name: string }[] } }>(documents.events, server),
    ),
    use: all.use(
      admin.subscribe<{ serverContainerStats: { items: { containerId: string }[] } }>(documents.use, server),
    ),
    terminal: all.use(again()),
    again,
    type: async (text: string) => void (await admin.query(documents.write, { input: { ...terminal, text } })),
  };
  const owned = all.move();
  return { ...watched, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
