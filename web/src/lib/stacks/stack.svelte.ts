import { toFailure, type Failure } from '../api/failure.ts';
import { query, queryInConfidence, partOf } from '../api/operations.ts';
import type { Stacks_DetailQuery, Stacks_FilesQuery, Stacks_SourceQuery } from '../generated/graphql.ts';
import { Detail, Files } from './documents.ts';

type Server<Query extends { server?: unknown }> = NonNullable<Query['server']>;
export type StackDetail = NonNullable<NonNullable<Server<Stacks_DetailQuery>>['stack']>;
export type StackVersion = NonNullable<StackDetail['versions']>[number];
export type StackSource = NonNullable<Server<Stacks_SourceQuery>['stackSource']>;
export type StackFiles = NonNullable<NonNullable<NonNullable<Stacks_FilesQuery['server']>['stack']>['files']>;

/** One stack of a server, as it was when it was last read. */
export class StackView {
  readonly serverId: string;
  readonly name: string;
  detail = $state.raw<StackDetail | null>(null);
  loaded = $state(false);
  failure = $state.raw<Failure | null>(null);
  #run = 0;

  constructor(serverId: string, name: string) {
    this.serverId = serverId;
    this.name = name;
  }

  /** Never throws; an answer that was overtaken by a later one is dropped. */
  async load(): Promise<void> {
    const run = ++this.#run;
    try {
      const { data } = await query(Detail, { serverId: this.serverId, name: this.name });
      if (run !== this.#run) return;
      this.detail = data.server?.stack ?? null;
      this.failure = null;
      this.loaded = true;
    } catch (error) {
      if (run === this.#run) this.failure = toFailure(error);
    }
  }
}

/** The newest version; null for one whose files are not kept. @throws Failure */
export async function readVersion(serverId: string, name: string): Promise<number | null> {
  const { data, failures } = await query(Detail, { serverId, name });
  return partOf(data.server?.stack, failures).version ?? null;
}

/** As they stand on the server, or as they were deployed with a version. @throws Failure */
export async function readFiles(
  serverId: string,
  name: string,
  version: number | null = null,
): Promise<StackFiles> {
  const { data, failures } = await queryInConfidence(Files, { serverId, name, version });
  return partOf(data.server?.stack?.files, failures);
}
