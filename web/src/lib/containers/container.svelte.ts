import type { Containers_RowFragment, Containers_StatsSubscription } from '../generated/graphql.ts';
import { containerLook, type Look } from '../look.ts';

export type ContainerRow = Containers_RowFragment;
export type ContainerStats = Containers_StatsSubscription['serverContainerStats']['items'][number];

/** What was asked of a container and is not done yet. */
export type PendingAction = 'start' | 'stop' | 'restart' | 'pause' | 'unpause' | 'kill' | 'rename' | 'remove';

/** What places a container in a list, told once for each row that arrives: a list of thousands asks at every change. */
interface Place {
  readonly row: ContainerRow;
  readonly look: Look;
  readonly project: string | null;
  readonly alive: boolean;
}

function placeOf(row: ContainerRow): Place {
  const { state, labels } = row;
  return {
    row,
    look: containerLook(row),
    project: labels.find(({ key }) => key === 'com.docker.compose.project')?.value ?? null,
    alive: state === 'RUNNING' || state === 'PAUSED' || state === 'RESTARTING',
  };
}

/** One container, with its newest numbers and what is being done to it. */
export class ContainerEntry {
  readonly id: string;
  readonly serverId: string;
  row = $state.raw<ContainerRow>() as ContainerRow;
  stats = $state.raw<ContainerStats | null>(null);
  statsAt = $state(0);
  /** Under way, in the order of asking. */
  #asked = $state.raw<readonly { readonly action: PendingAction }[]>([]);
  #place: Place | undefined;

  constructor(serverId: string, row: ContainerRow) {
    this.id = row.id;
    this.serverId = serverId;
    this.row = row;
  }

  /** What was asked last of what is not done yet. */
  get pending(): PendingAction | null {
    return this.#asked.at(-1)?.action ?? null;
  }

  /** Marks it as asked for: one of several keeps its mark whatever ends before it. @returns what takes the mark away */
  asked(action: PendingAction): () => void {
    const mark = { action };
    this.#asked = [...this.#asked, mark];
    return () => {
      this.#asked = this.#asked.filter((one) => one !== mark);
    };
  }

  /**
   * Takes what a change answered, unless the container was told of since the change was asked for: that may be newer. If
   * it is not, what the change did is still to be told.
   */
  answer(row: ContainerRow, before: ContainerRow): void {
    if (this.row === before) this.row = row;
  }

  /** Unlike the Docker id, unique over all servers even when machines were cloned. */
  get key(): string {
    return `${this.serverId}/${this.id}`;
  }

  get place(): Place {
    const { row } = this;
    if (this.#place?.row !== row) this.#place = placeOf(row);
    return this.#place;
  }

  get look(): Look {
    return this.place.look;
  }

  /** Running in the sense that it has numbers and a process. */
  get alive(): boolean {
    return this.place.alive;
  }

  get cpuPercent(): number | null {
    return this.alive ? (this.stats?.cpuPercent ?? this.row.cpuPercent ?? null) : null;
  }

  get memoryBytes(): number | null {
    return this.alive ? (this.stats?.memoryBytes ?? this.row.memoryBytes ?? null) : null;
  }

  get memoryLimitBytes(): number | null {
    return this.stats?.memoryLimitBytes ?? this.row.memoryLimitBytes ?? null;
  }

  /** The Compose project it belongs to, if any. */
  get project(): string | null {
    return this.place.project;
  }
}
