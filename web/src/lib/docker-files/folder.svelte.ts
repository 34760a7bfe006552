import { toFailure, type Failure } from '../api/failure.ts';
import { readFiles, type FilePage, type FileRow, type FilesOf } from './files.ts';

/** A folder as far as it was read. */
export class Folder {
  items = $state.raw<readonly FileRow[]>([]);
  /** The newest page; null before the first. */
  page = $state.raw<FilePage | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);
  readonly #of: FilesOf;
  readonly path: string;
  #run = 0;

  constructor(of: FilesOf, path: string) {
    this.#of = of;
    this.path = path;
    void this.load();
  }

  /** From its beginning. Never throws. */
  load(): Promise<void> {
    return this.#read(null);
  }

  /** The page after the last one that was read. */
  more(): Promise<void> {
    return this.#read(this.page?.next ?? null);
  }

  async #read(after: string | null): Promise<void> {
    const run = ++this.#run;
    this.busy = true;
    this.failure = null;
    try {
      const page = await readFiles(this.#of, this.path, after);
      if (run !== this.#run) return;
      this.items = after === null ? page.items : [...this.items, ...page.items];
      this.page = page;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }
}
