import type { Engine } from '../docker/engine.ts';
import { array, object } from '../docker/json.ts';
import { asObject } from '../docker/labels.ts';
import { AgentError, throwIfAborted } from '../errors.ts';
import { usersOf, volumeOf } from './mapping.ts';
import { SizeMeter, type Sizes } from './sizes.ts';
import type { KeptVolume, NewVolume, PrunedVolumes, UnusedVolume, Volume, VolumeSize } from './volume.ts';

/** To delete many files. Ms. */
const DELETING = 120_000;

/** The volumes of the engine. Every method throws AgentError. */
export class Volumes {
  readonly #engine: Engine;
  readonly #meter: SizeMeter;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#meter = new SizeMeter(engine);
  }

  /** By name. */
  async list(): Promise<Volume[]> {
    const [volumes, containers] = await Promise.all([
      this.#engine.get('/volumes'),
      this.#engine.get('/containers/json', { all: true }),
    ]);
    const users = usersOf(containers);
    return array(object(volumes)['Volumes'])
      .map(object)
      .map((entry) => volumeOf(entry, users.get(String(entry['Name'])) ?? []))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Null when there is no such volume. */
  async find(name: string): Promise<Volume | null> {
    return (await this.list()).find((volume) => volume.name === name) ?? null;
  }

  /** The engine answers with the volume that is there when the name is taken; here that is a conflict. */
  async create(given: NewVolume, signal: AbortSignal): Promise<Volume> {
    if (given.name !== '' && (await this.find(given.name))) {
      throw new AgentError('CONFLICT', `There is a volume called ${given.name} already.`);
    }
    throwIfAborted(signal);
    const made = object(
      await this.#engine.call('POST', '/volumes/create', {
        body: {
          Name: given.name,
          Driver: given.driver,
          DriverOpts: asObject(given.options),
          Labels: asObject(given.labels),
        },
      }),
    );
    return volumeOf(made, []);
  }

  /** Never by force: one that is in use is a conflict, and says who uses it. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    await this.#engine.delete(`/volumes/${encodeURIComponent(name)}`, {}, DELETING);
  }

  sizes(): Promise<Sizes> {
    return this.#meter.sizes();
  }

  /**
   * What nothing uses, not even a container that is stopped, with sizes as they are now.
   *
   * @param named - those that somebody gave a name as well
   */
  async unused(named: boolean): Promise<UnusedVolume[]> {
    const [volumes, sizes] = await Promise.all([this.list(), this.#fresh()]);
    return volumes
      .filter(({ users, anonymous }) => users.length === 0 && (named || anonymous))
      .map(({ name, driver, anonymous }) => ({
        name,
        driver,
        anonymous,
        sizeBytes: sizes.get(name) ?? null,
      }));
  }

  /**
   * Removes exactly these of the volumes that nothing uses, as `unused` named them: not what has come to be unused since,
   * as the engine's own prune would, nor what was made under one of the names since.
   *
   * @param shownAt - when the names were read. Ms since 1970
   */
  async prune(names: readonly string[], shownAt: number, signal: AbortSignal): Promise<PrunedVolumes> {
    const [volumes, sizes] = await Promise.all([this.list(), this.#fresh()]);
    const byName = new Map(volumes.map((volume) => [volume.name, volume]));
    const removed: VolumeSize[] = [];
    const kept: KeptVolume[] = [];
    for (const name of new Set(names)) {
      const reason = await this.#pruneOne(byName.get(name), shownAt, signal);
      if (reason === undefined) removed.push({ name, sizeBytes: sizes.get(name) ?? null });
      else kept.push({ name, reason });
    }
    return { removed, kept };
  }

  /** @returns why not, or undefined */
  async #pruneOne(
    volume: Volume | undefined,
    shownAt: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (!volume) return 'It is gone already.';
    if (volume.createdAt !== null && volume.createdAt > shownAt) return 'It was made anew in the meantime.';
    const [user] = volume.users;
    if (user) return `${user.containerName} uses it by now.`;
    try {
      await this.remove(volume.name, signal);
      return undefined;
    } catch (error) {
      if (!(error instanceof AgentError) || error.code === 'DOCKER_UNAVAILABLE') throw error;
      return error.message;
    }
  }

  async #fresh(): Promise<ReadonlyMap<string, number | null>> {
    const { items } = await this.#meter.fresh();
    return new Map(items.map(({ name, sizeBytes }) => [name, sizeBytes]));
  }
}

const known = new WeakMap<Engine, Volumes>();

/** The one that remembers what was measured on this engine. */
export function volumesOf(engine: Engine): Volumes {
  const volumes = known.get(engine) ?? new Volumes(engine);
  known.set(engine, volumes);
  return volumes;
}
