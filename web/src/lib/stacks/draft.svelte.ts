import { toFailure, type Failure } from '../api/failure.ts';
import { readFiles, readVersion, type StackFiles } from './stack.svelte.ts';

/** Compose's own rule for names of projects. */
const stackName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export const isStackName = (name: string): boolean => stackName.test(name);

interface Begin {
  readonly serverId: string;
  readonly name: string;
  /** As they are on the server; null for a new stack. */
  readonly before: StackFiles | null;
  readonly baseVersion: number | null;
  /** Reads both again. */
  readonly read?: () => Promise<{ readonly files: StackFiles; readonly version: number | null }>;
}

/** The files of a stack while somebody writes them. */
export class Draft {
  serverId = $state('');
  name = $state('');
  compose = $state('');
  env = $state('');
  before = $state.raw<StackFiles | null>(null);
  /** The newest version when the files were read. */
  baseVersion = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** What was written is on its way to several servers: nothing is lost with the page. */
  elsewhere = $state(false);
  readonly #read: Begin['read'];

  constructor({ serverId, name, before, baseVersion, read }: Begin, text: StackFiles) {
    this.serverId = serverId;
    this.name = name;
    this.before = before;
    this.baseVersion = baseVersion;
    this.compose = text.compose;
    this.env = text.env;
    this.#read = read;
  }

  get ready(): boolean {
    return this.serverId !== '' && isStackName(this.name) && this.compose.trim() !== '';
  }

  get changed(): boolean {
    const { before } = this;
    return before === null || before.compose !== this.compose || before.env !== this.env;
  }

  discard(): void {
    if (!this.before) return;
    this.compose = this.before.compose;
    this.env = this.before.env;
  }

  /** Compares with what is there now; what was written stays. Never throws. */
  async reload(): Promise<void> {
    try {
      const found = await this.#read?.();
      if (!found) return;
      const untouched = !this.changed;
      this.before = found.files;
      this.baseVersion = found.version;
      if (untouched) this.discard();
      this.failure = null;
    } catch (error) {
      this.failure = toFailure(error);
    }
  }
}

/** @throws Failure */
async function draftOf(serverId: string, name: string): Promise<Draft> {
  const read = async () => {
    // The version first: one that comes between is noticed as newer than what was read.
    const newest = await readVersion(serverId, name);
    return { files: await readFiles(serverId, name), version: newest };
  };
  const { files, version: baseVersion } = await read();
  return new Draft({ serverId, name, before: files, baseVersion, read }, files);
}

/** The files of a stack for whoever wants to write them: read when they first do, and never again under their hands. */
export class Drafting {
  draft = $state.raw<Draft | null>(null);
  /** Why they could not be read. */
  failure = $state.raw<Failure | null>(null);
  readonly #serverId: string;
  readonly #name: string;
  #run = 0;

  constructor(serverId: string, name: string) {
    this.#serverId = serverId;
    this.#name = name;
  }

  /** Never throws. Asked for again while it is read, as when the server goes and comes, what was asked last counts. */
  async begin(): Promise<void> {
    if (this.draft) return;
    const run = ++this.#run;
    this.failure = null;
    try {
      const draft = await draftOf(this.#serverId, this.#name);
      if (run === this.#run) this.draft = draft;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    }
  }
}
