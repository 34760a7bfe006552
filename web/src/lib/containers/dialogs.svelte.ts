import type { ContainerEntry } from './container.svelte.ts';

/** Those that are loaded with the first of them. */
const workKinds = ['commit', 'duplicate', 'exec', 'limits', 'recreate'] as const;
type WorkKind = (typeof workKinds)[number];
export type DialogKind = 'kill' | 'rename' | 'remove' | WorkKind;

/** Which container is being asked about. One set of dialogs serves every list. */
class ContainerDialogs {
  kind = $state<DialogKind | null>(null);
  entry = $state.raw<ContainerEntry | null>(null);

  readonly working = $derived(workKinds.some((kind) => kind === this.kind));

  ask(kind: DialogKind, entry: ContainerEntry): void {
    this.entry = entry;
    this.kind = kind;
  }

  close(): void {
    this.kind = null;
  }
}

export const containerDialogs = new ContainerDialogs();
