import { performance } from 'node:perf_hooks';
import type { Engine } from '../docker/engine.ts';
import { array, number, object, text } from '../docker/json.ts';
import type { VolumeSize } from './volume.ts';

/** The engine walks through every file of every volume, and old ones through images and containers as well. Ms. */
const PATIENCE = 10 * 60_000;
/** A measurement serves for so long, and ten times as long as it took: at most a tenth of the time goes into it. Ms. */
const GOOD_FOR = 60_000;
const SPARING = 10;

export interface Sizes {
  readonly items: readonly VolumeSize[];
  /** Ms since 1970. */
  readonly measuredAt: number;
}

/**
 * Sizes of all volumes, by `docker system df`. Whoever asks while a measurement is under way waits for that one, and
 * soon afterwards gets what it found; so however many ask, the host's disks are read now and then and by one.
 */
export class SizeMeter {
  readonly #engine: Engine;
  #last: { readonly sizes: Sizes; readonly at: number; readonly tookMs: number } | undefined;
  #underWay: Promise<Sizes> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @throws AgentError */
  sizes(): Promise<Sizes> {
    const last = this.#last;
    if (last && performance.now() - last.at < Math.max(GOOD_FOR, SPARING * last.tookMs)) {
      return Promise.resolve(last.sizes);
    }
    return this.fresh();
  }

  /** As they are now, for who is about to remove what was measured. @throws AgentError */
  fresh(): Promise<Sizes> {
    this.#underWay ??= this.#measure().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #measure(): Promise<Sizes> {
    const begun = performance.now();
    // The type is understood from API 1.42 on, and ignored before.
    const query = { type: 'volume' };
    const usage = object(await this.#engine.call('GET', '/system/df', { query, extraMs: PATIENCE }));
    const items = array(usage['Volumes']).map((entry) => {
      const size = number(object(object(entry)['UsageData'])['Size']);
      return { name: text(object(entry)['Name']), sizeBytes: size === null || size < 0 ? null : size };
    });
    const sizes = { items, measuredAt: Date.now() };
    const at = performance.now();
    this.#last = { sizes, at, tookMs: at - begun };
    return sizes;
  }
}
