import { sentence } from '#lib/errors.ts';

/** Something that is read from the API, and read again when it has changed. */
export class Resource<Value> {
  /** The newest answer; undefined before the first. */
  value = $state.raw<Value | undefined>(undefined);
  /** Why the last attempt failed, as a sentence; empty when it did not. */
  problem = $state('');
  readonly #read: () => Promise<Value>;
  #run = 0;

  constructor(read: () => Promise<Value>) {
    this.#read = read;
    void this.load();
  }

  /** Never throws; an answer that was overtaken by a later one is dropped. */
  async load(): Promise<void> {
    const run = ++this.#run;
    try {
      const value = await this.#read();
      if (run !== this.#run) return;
      this.value = value;
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    }
  }
}
