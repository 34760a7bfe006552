import type { StackDetail, StackVersion } from './stack.svelte.ts';

/** What going back to a version would do to one service. */
export interface VersionChange {
  readonly service: string;
  readonly kind: 'CREATE' | 'REMOVE' | 'RECREATE' | 'NONE';
  /** The image that runs, and the one that ran then, where they differ. */
  readonly images: readonly [string, string] | null;
  /** Whether it was made from other settings. */
  readonly settings: boolean;
}

const short = (id: string): string => id.replace('sha256:', '').slice(0, 12);

/** Once its name has gone to another, an image is called by its id alone. */
const nameOf = (image: string, id: string): string =>
  image.startsWith('sha256:') ? short(id) : `${image} (${short(id)})`;

/** Compares what runs with what a version ran as, by images and settings alike. By the names of the services. */
export function changesTo(
  { services: then }: Pick<StackVersion, 'services'>,
  now: StackDetail['services'],
): VersionChange[] {
  const running = new Map(now.map(({ name, containers }) => [name, containers]));
  const back = then.map(({ service, imageId, configHash, image }): VersionChange => {
    const containers = running.get(service);
    const [first] = containers ?? [];
    if (!containers || !first) return { service, kind: 'CREATE', images: null, settings: false };
    const other = containers.find((one) => one.imageId !== imageId);
    const settings = containers.some((one) => one.configHash !== configHash);
    const images = other ? ([nameOf(other.image, other.imageId), nameOf(image, imageId)] as const) : null;
    return { service, kind: images || settings ? 'RECREATE' : 'NONE', images, settings };
  });
  const kept = new Set(then.map(({ service }) => service));
  const gone = [...running.keys()]
    .filter((service) => !kept.has(service))
    .map((service): VersionChange => ({ service, kind: 'REMOVE', images: null, settings: false }));
  return [...back, ...gone].toSorted((a, b) => a.service.localeCompare(b.service));
}
