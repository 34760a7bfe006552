import type { ContainerEntry } from './container.svelte.ts';

export type DialogKind = 'kill' | 'rename' | 'remove';

/** Which container is being asked about. One set of dialogs serves every list. */
class ContainerDialogs {
  kind = $state<DialogKind | null>(null);
  entry = $state.raw<ContainerEntry | null>(null);

  ask(kind: DialogKind, entry: ContainerEntry): void {
    this.entry = entry;
    this.kind = kind;
  }

  close(): void {
    this.kind = null;
  }
}

export const containerDialogs = new ContainerDialogs();
