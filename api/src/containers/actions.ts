import type { Asker } from '../agents/asker.ts';
import type { Commands } from '../agents/commands.ts';
import {
  KillContainerDocument,
  PauseContainerDocument,
  RemoveContainerDocument,
  RenameContainerDocument,
  RestartContainerDocument,
  StartContainerDocument,
  StopContainerDocument,
  UnpauseContainerDocument,
} from './operations.ts';
import type { AgentContainer } from './mirror.ts';

/** What can be done to a container that leaves it there. */
export type ContainerAction =
  | { readonly kind: 'start' | 'pause' | 'unpause' }
  | { readonly kind: 'stop' | 'restart'; readonly timeoutSeconds: number | null }
  | { readonly kind: 'kill'; readonly signal: string }
  | { readonly kind: 'rename'; readonly name: string };

interface Target {
  readonly serverId: string;
  readonly id: string;
  /** The container's name, for the audit. */
  readonly name: string;
}

/** A stop takes as long as the container's grace period; beyond it comes what Docker itself needs. Milliseconds. */
const dockerMs = 30_000;
const longestOwnGraceMs = 600_000;

/** @returns what the container is like now; null when the answer was lost although it was done */
export async function runAction(
  commands: Commands,
  { serverId, id, name }: Target,
  action: ContainerAction,
  { actor, signal }: Asker,
): Promise<AgentContainer | null> {
  const { kind, ...parameters } = action;
  const base = {
    serverId,
    actor,
    signal,
    action: `container.${kind}`,
    target: { kind: 'container', id, name },
    scope: 'docker:containers:write',
    parameters,
    timeoutMs: dockerMs,
  } as const;
  switch (action.kind) {
    case 'start':
      return containerOf(
        await commands.run({ ...base, document: StartContainerDocument, variables: { id } }),
      );
    case 'pause':
      return containerOf(
        await commands.run({ ...base, document: PauseContainerDocument, variables: { id } }),
      );
    case 'unpause':
      return containerOf(
        await commands.run({ ...base, document: UnpauseContainerDocument, variables: { id } }),
      );
    case 'stop':
    case 'restart': {
      const { timeoutSeconds } = action;
      const document = action.kind === 'stop' ? StopContainerDocument : RestartContainerDocument;
      const timeoutMs = dockerMs + (timeoutSeconds === null ? longestOwnGraceMs : timeoutSeconds * 1000);
      return containerOf(
        await commands.run({ ...base, document, variables: { id, timeoutSeconds }, timeoutMs }),
      );
    }
    case 'kill':
      return containerOf(
        await commands.run({
          ...base,
          document: KillContainerDocument,
          variables: { id, signal: action.signal },
        }),
      );
    case 'rename':
      return containerOf(
        await commands.run({
          ...base,
          document: RenameContainerDocument,
          variables: { id, name: action.name },
        }),
      );
  }
}

function containerOf(result: { readonly container: AgentContainer } | null): AgentContainer | null {
  return result?.container ?? null;
}

/** @param options - whose volumes are removed by those only who hold docker:volumes:write there */
export async function runRemove(
  commands: Commands,
  { serverId, id, name }: Target,
  options: { readonly force: boolean; readonly removeVolumes: boolean },
  { actor, signal }: Asker,
): Promise<void> {
  await commands.run({
    serverId,
    actor,
    signal,
    action: 'container.remove',
    target: { kind: 'container', id, name },
    scope: 'docker:containers:write',
    heldScopes: options.removeVolumes ? ['docker:volumes:write'] : [],
    document: RemoveContainerDocument,
    variables: { id, ...options },
    parameters: options,
    timeoutMs: dockerMs,
  });
}
