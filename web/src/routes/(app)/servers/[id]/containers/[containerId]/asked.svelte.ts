import { partOf, query } from '#lib/api/operations.ts';
import { sentence } from '#lib/errors.ts';

type Document<Data> = Parameters<typeof query<Data, { serverId: string; id: string }>>[0];

/** Something of a container that only its agent knows: the newest answer, and why there is none. */
export class Asked<Data, Value> {
  value = $state.raw<Value | null>(null);
  problem = $state('');
  busy = $state(false);
  readonly #document: Document<Data>;
  readonly #part: (data: Data) => Value | null | undefined;
  #run = 0;

  constructor(document: Document<Data>, part: (data: Data) => Value | null | undefined) {
    this.#document = document;
    this.#part = part;
  }

  /** Keeps what it has until there is something newer; an answer that was overtaken is dropped. */
  async ask(serverId: string, id: string): Promise<void> {
    const run = ++this.#run;
    this.busy = true;
    try {
      const { data, failures } = await query(this.#document, { serverId, id });
      if (run !== this.#run) return;
      this.value = partOf(this.#part(data), failures);
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}
