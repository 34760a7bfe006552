import { mutate } from '../api/operations.ts';
import { sentence } from '../errors.ts';
import { graphql } from '../generated/gql.ts';
import { t } from '../i18n.svelte.ts';
import { toasts } from '../toasts.svelte.ts';
import type { ContainerEntry, ContainerRow, PendingAction } from './container.svelte.ts';

const Start = graphql(`
  mutation Containers_Start($input: StartContainerInput!) {
    startContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Stop = graphql(`
  mutation Containers_Stop($input: StopContainerInput!) {
    stopContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Restart = graphql(`
  mutation Containers_Restart($input: RestartContainerInput!) {
    restartContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Pause = graphql(`
  mutation Containers_Pause($input: PauseContainerInput!) {
    pauseContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Unpause = graphql(`
  mutation Containers_Unpause($input: UnpauseContainerInput!) {
    unpauseContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Kill = graphql(`
  mutation Containers_Kill($input: KillContainerInput!) {
    killContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Rename = graphql(`
  mutation Containers_Rename($input: RenameContainerInput!) {
    renameContainer(input: $input) {
      container {
        ...Containers_Row
      }
    }
  }
`);
const Remove = graphql(`
  mutation Containers_Remove($input: RemoveContainerInput!) {
    removeContainer(input: $input) {
      removedContainerId
    }
  }
`);

const target = ({ serverId, id }: ContainerEntry) => ({ serverId, containerId: id });

/** @returns what became of the container, if it is still there */
type Run = () => Promise<ContainerRow | undefined>;

/** Shows the action as under way at once, takes over the answer, and rethrows what went wrong. */
async function carryOut(entry: ContainerEntry, action: PendingAction, run: Run): Promise<void> {
  const before = entry.row;
  const done = entry.asked(action);
  try {
    const row = await run();
    if (row) entry.answer(row, before);
  } finally {
    done();
  }
}

/** Runs it and tells the outcome in a toast. */
async function andTell(entry: ContainerEntry, action: PendingAction, run: Run): Promise<void> {
  try {
    await carryOut(entry, action, run);
    toasts.good(t().containers.done[action](entry.row.name));
  } catch (error) {
    toasts.critical(`${t().containers.failed[action](entry.row.name)} ${sentence(error)}`);
  }
}

export const start = (entry: ContainerEntry) =>
  andTell(
    entry,
    'start',
    async () => (await mutate(Start, { input: target(entry) })).startContainer.container,
  );

export const stop = (entry: ContainerEntry) =>
  andTell(entry, 'stop', async () => (await mutate(Stop, { input: target(entry) })).stopContainer.container);

export const restart = (entry: ContainerEntry) =>
  andTell(
    entry,
    'restart',
    async () => (await mutate(Restart, { input: target(entry) })).restartContainer.container,
  );

export const pause = (entry: ContainerEntry) =>
  andTell(
    entry,
    'pause',
    async () => (await mutate(Pause, { input: target(entry) })).pauseContainer.container,
  );

export const unpause = (entry: ContainerEntry) =>
  andTell(
    entry,
    'unpause',
    async () => (await mutate(Unpause, { input: target(entry) })).unpauseContainer.container,
  );

/** Throws a failure, for the dialog that asked. */
export const kill = (entry: ContainerEntry, signal: string) =>
  carryOut(
    entry,
    'kill',
    async () => (await mutate(Kill, { input: { ...target(entry), signal } })).killContainer.container,
  );

/** Throws a failure, for the dialog that asked. */
export const rename = (entry: ContainerEntry, name: string) =>
  carryOut(
    entry,
    'rename',
    async () => (await mutate(Rename, { input: { ...target(entry), name } })).renameContainer.container,
  );

/** Throws a failure, for the dialog that asked. */
export const remove = (entry: ContainerEntry, options: { force: boolean; removeVolumes: boolean }) =>
  carryOut(entry, 'remove', async () => {
    await mutate(Remove, { input: { ...target(entry), ...options } });
    return undefined;
  });
