import { mutate, query, queryInConfidence, partOf } from '../api/operations.ts';
import { sentence } from '../errors.ts';
import type { BindGitSourceInput, Git_PlanQuery, Git_SourceOfQuery } from '../generated/graphql.ts';
import { Bind, Plan, Source } from './git-documents.ts';

type Found = NonNullable<Git_SourceOfQuery['server']>;
export type GitSource = NonNullable<Found['gitSource']>;
type Planned = NonNullable<NonNullable<Git_PlanQuery['server']>['gitSource']>;
export type GitPlan = NonNullable<Planned['plan']>;

/** What a webhook is told of, once. */
export interface Webhook {
  readonly path: string;
  readonly secret: string;
}

/** Where files of a stack are to come from, while somebody fills it in. */
export class GitDraft {
  url = $state('');
  branch = $state('main');
  path = $state('compose.yaml');
  /** For what the address can use. */
  open = $state(true);
  username = $state('');
  token = $state('');
  privateKey = $state('');
  knownHosts = $state('');
  /** Seconds as text; '0' for never. */
  poll = $state('0');
  webhook = $state(false);

  /** @param source - what is there already; its credential has to be entered again */
  constructor(source: GitSource | null = null) {
    if (!source) return;
    this.url = source.url;
    this.branch = source.branch;
    this.path = source.path;
    this.open = source.credential === 'NONE';
    this.username = source.credential === 'TOKEN' ? (source.username ?? '') : '';
    this.knownHosts = source.knownHosts;
    this.poll = String(source.pollSeconds ?? 0);
    this.webhook = typeof source.webhookPath === 'string';
  }

  get ssh(): boolean {
    return /^ssh:\/\/|^[^/]+@[^/]+:/.test(this.url.trim());
  }

  get ready(): boolean {
    const proven = this.open || (this.ssh ? this.privateKey : this.token).trim() !== '';
    return [this.url, this.branch, this.path].every((text) => text.trim() !== '') && proven;
  }

  input(serverId: string, name: string): BindGitSourceInput {
    const { open, ssh, poll, username } = this;
    const [token, privateKey] = [this.token.trim(), `${this.privateKey.trim()}\n`];
    return {
      serverId,
      name,
      url: this.url.trim(),
      branch: this.branch.trim(),
      path: this.path.trim(),
      webhook: this.webhook,
      ...(ssh && { knownHosts: this.knownHosts }),
      ...(poll !== '0' && { pollSeconds: Number(poll) }),
      ...(!open &&
        (ssh ? { privateKey } : { token, ...(username.trim() !== '' && { username: username.trim() }) })),
    };
  }
}

/** Where the files of a stack come from, as it was when it was last read. */
export class SourceView {
  /** Null where they come from elsewhere; undefined before the first answer. */
  source = $state.raw<GitSource | null | undefined>(undefined);
  problem = $state('');
  #run = 0;

  /** Never throws; an answer that was overtaken by a later one is dropped. */
  async load(serverId: string, name: string): Promise<void> {
    const run = ++this.#run;
    try {
      const source = await readSource(serverId, name);
      if (run !== this.#run) return;
      this.source = source;
      this.problem = '';
    } catch (error) {
      if (run === this.#run) this.problem = sentence(error);
    }
  }
}

async function readSource(serverId: string, name: string): Promise<GitSource | null> {
  const { data, failures } = await query(Source, { serverId, name });
  if (!data.server && failures[0]) throw failures[0];
  return data.server?.gitSource ?? null;
}

/** @throws Failure */
export async function readGitPlan(serverId: string, name: string, env: string | null): Promise<GitPlan> {
  const { data, failures } = await queryInConfidence(Plan, { serverId, name, env });
  return partOf(data.server?.gitSource?.plan, failures);
}

/** @returns its webhook, to be shown once; null without one @throws Failure */
export async function bind(input: BindGitSourceInput): Promise<Webhook | null> {
  const { webhookSecret: secret, source } = (await mutate(Bind, { input })).bindGitSource;
  const { webhookPath: path } = source;
  return typeof secret === 'string' && typeof path === 'string' ? { secret, path } : null;
}
