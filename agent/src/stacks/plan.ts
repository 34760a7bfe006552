import { isRecord } from '@serverkit/wire/compose-file.ts';
import type { LocalImage } from '../images/local.ts';
import type { Normalised } from './normalise.ts';
import type { Project } from './projects.ts';
import type { StackService } from './stack.ts';

export const planActions = ['CREATE', 'RECREATE', 'START', 'SCALE', 'REMOVE', 'NONE'] as const;
export type PlanAction = (typeof planActions)[number];

export const planReasons = ['NEW', 'CONFIG', 'IMAGE', 'NOT_RUNNING', 'REPLICAS', 'GONE'] as const;
export type PlanReason = (typeof planReasons)[number];

/** What a deployment would do to one service. */
export interface PlannedService {
  readonly service: string;
  readonly action: PlanAction;
  readonly reasons: readonly PlanReason[];
  /** As the file names it; null for one that goes. */
  readonly image: string | null;
  /** This host's copy of it; null when it would have to be pulled or built. */
  readonly imageId: string | null;
  /** What runs, or did last; null for a new service. */
  readonly currentImage: string | null;
  readonly currentImageId: string | null;
  readonly configHash: string | null;
  readonly currentConfigHash: string | null;
  readonly replicas: number;
  readonly currentReplicas: number;
}

/** The image that a service runs: named, or by the name that Compose gives to what it builds. */
export function imageOf(
  stack: Pick<Normalised, 'name' | 'tool'>,
  service: string,
  given: Readonly<Record<string, unknown>>,
): string {
  const { image } = given;
  if (typeof image === 'string' && image !== '') return image;
  return stack.tool.generation === 1 ? `${stack.name}_${service}` : `${stack.name}-${service}`;
}

/** More of one service on one host is a slip of the finger. */
export const MAX_REPLICAS = 100;

export function replicasOf(given: Readonly<Record<string, unknown>>): number {
  const { deploy, scale } = given;
  const replicas = isRecord(deploy) ? deploy['replicas'] : undefined;
  if (typeof scale === 'number') return scale;
  return typeof replicas === 'number' ? replicas : 1;
}

export interface PlanOptions {
  readonly stack: Normalised;
  /** By service. */
  readonly hashes: ReadonlyMap<string, string>;
  /** What there is of it; undefined when nothing is. */
  readonly project: Project | undefined;
  /** By name. */
  readonly images: ReadonlyMap<string, LocalImage | null>;
}

/** Compares what was asked for with what is there, as Compose itself would. In the order of their names. */
export function planOf({ stack, hashes, project, images }: PlanOptions): PlannedService[] {
  const current = new Map(project?.services.map((service) => [service.name, service]));
  const wanted = [...stack.services].map(([name, given]) => {
    const image = imageOf(stack, name, given);
    const next = {
      service: name,
      image,
      imageId: images.get(image)?.id ?? null,
      configHash: hashes.get(name) ?? null,
      replicas: replicasOf(given),
    };
    return compare(next, current.get(name));
  });
  const gone = [...current.values()].filter(({ name }) => !stack.services.has(name)).map(removalOf);
  return [...wanted, ...gone].toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

function removalOf(service: StackService): PlannedService {
  return {
    service: service.name,
    action: 'REMOVE',
    reasons: ['GONE'],
    image: null,
    imageId: null,
    configHash: null,
    replicas: 0,
    ...currentOf(service),
  };
}

type Next = Pick<PlannedService, 'service' | 'image' | 'imageId' | 'configHash' | 'replicas'>;

function compare(next: Next, service: StackService | undefined): PlannedService {
  if (!service || service.containers.length === 0) {
    return {
      ...next,
      action: next.replicas === 0 ? 'NONE' : 'CREATE',
      reasons: ['NEW'],
      ...currentOf(service),
    };
  }
  const { containers } = service;
  const reasons: PlanReason[] = [];
  if (containers.some(({ configHash }) => configHash !== next.configHash)) reasons.push('CONFIG');
  if (next.imageId === null || containers.some(({ imageId }) => imageId !== next.imageId))
    reasons.push('IMAGE');
  const recreate = reasons.length > 0;
  if (containers.length !== next.replicas) reasons.push('REPLICAS');
  // Compose starts whatever does not run, what did its work and ended well too.
  const stopped = containers.some(({ state }) => state !== 'RUNNING');
  if (stopped) reasons.push('NOT_RUNNING');
  const action = recreate
    ? 'RECREATE'
    : containers.length !== next.replicas
      ? 'SCALE'
      : stopped
        ? 'START'
        : 'NONE';
  return { ...next, action, reasons, ...currentOf(service) };
}

function currentOf(
  service: StackService | undefined,
): Pick<PlannedService, 'currentImage' | 'currentImageId' | 'currentConfigHash' | 'currentReplicas'> {
  const first = service?.containers[0];
  return {
    currentImage: first?.image ?? null,
    currentImageId: first?.imageId ?? null,
    currentConfigHash: first?.configHash ?? null,
    currentReplicas: service?.containers.length ?? 0,
  };
}
