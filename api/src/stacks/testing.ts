import { vi } from 'vitest';
import type { AgentLink } from '../agents/link.ts';
import { testApi, type TestApi, type TestPerson } from '../graphql/testing.ts';
import { Mandates } from '../mandates/service.ts';
import { addServer } from '../metrics/testing.ts';
import { GitAsker } from './git-asker.ts';
import type { GitConductor } from './git-conductor.ts';
import { GitDeployments } from './git-deployments.ts';
import {
  DeployGitStackDocument,
  GitHeadDocument,
  GitPlanDocument,
  RemoveStackDocument,
} from './operations.ts';

/** Commits, as a branch points to them one after the other. */
export const one = '1'.repeat(40);
export const two = '2'.repeat(40);
export const three = '3'.repeat(40);
/** What a private repository is read with. */
export const token = 'hunter2-hunter2-token';

export const bindDocument =
  'mutation B($input: BindGitSourceInput!) { bindGitSource(input: $input) { webhookSecret source { id url webhookPath commit seenCommit } } }';
export const deployDocument =
  'mutation D($input: DeployGitSourceInput!) { deployGitSource(input: $input) { job { id } } }';

interface Bound {
  readonly webhookSecret: string;
  readonly source: { readonly id: string; readonly webhookPath: string; readonly seenCommit: string };
}

const planned = {
  compose: 'services: {}',
  plan: {
    problems: [],
    warnings: [],
    privileged: [],
    denied: null,
    builds: false,
    services: [],
    version: 1,
    composeVersion: '2',
  },
};

/**
 * Stacks that are bound to a repository, and the agent's end of it. Raising the API takes longer than most tests of them:
 * all of them share one, and each has a server of its own.
 */
export class GitStage implements AsyncDisposable {
  /** What the branch points to. */
  head = one;
  /** What the agent was asked to deploy. */
  deployed: Record<string, unknown>[] = [];
  /** Of whoever asked for each of it. */
  scopes: (readonly string[])[] = [];
  /** The server of this test. */
  serverId = '';
  #api: TestApi | undefined;
  #admin: TestPerson | undefined;

  async raise(): Promise<void> {
    this.#api = await testApi();
    this.#admin = await this.#api.join('admin');
  }

  /** Before each test. */
  async begin(): Promise<void> {
    this.serverId = (await addServer(this.api.platform.db)).id;
    this.agent();
  }

  /** After each test. */
  async clear(): Promise<void> {
    vi.restoreAllMocks();
    await this.api.platform.db.prisma.gitSource.deleteMany();
  }

  get api(): TestApi {
    if (!this.#api) throw new Error('There is no API before the tests.');
    return this.#api;
  }

  get admin(): TestPerson {
    if (!this.#admin) throw new Error('There is nobody before the tests.');
    return this.#admin;
  }

  /** The agent answers, from the first commit on. */
  agent(): void {
    this.head = one;
    this.deployed = [];
    this.scopes = [];
    const link = {
      scopes: new Set(['docker:compose:write']),
      run: (
        document: unknown,
        variables: Record<string, unknown>,
        call: { readonly scopes: readonly string[] },
      ) => {
        if (document === GitHeadDocument) {
          return Promise.resolve({ gitHead: { commit: this.head, knownHosts: '' } });
        }
        if (document === RemoveStackDocument) {
          return Promise.resolve({ removeStack: { id: variables['jobId'] } });
        }
        if (document === GitPlanDocument) {
          return Promise.resolve({ gitPlan: { ...planned, commit: this.head } });
        }
        if (document !== DeployGitStackDocument) return Promise.reject(new Error('nobody asks for this'));
        this.deployed.push(variables);
        this.scopes.push(call.scopes);
        return Promise.resolve({ deployGitStack: { id: variables['jobId'] } });
      },
    };
    const { agents, stacks } = this.api.services;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
    vi.spyOn(agents.commands, 'link').mockResolvedValue(link as unknown as AgentLink);
    const version = {
      number: 1,
      at: 1,
      actor: 'x',
      restores: null,
      composeVersion: '2',
      commit: one,
      services: [],
    };
    vi.spyOn(stacks, 'versions').mockResolvedValue([version]);
  }

  /** What a conductor of its own takes: one that has ended does nothing any more. */
  conductorNeeds(): ConstructorParameters<typeof GitConductor>[0] {
    const { platform, services } = this.api;
    const asker = new GitAsker({ ...platform, ...services });
    const deployments = new GitDeployments({ ...platform, ...services, asker });
    const mandates = new Mandates({ ...services, db: platform.db });
    return { ...platform, ...services, asker, deployments, mandates };
  }

  /** The stack that tests are about, as inputs say it. */
  place(): { readonly serverId: string; readonly name: string } {
    return { serverId: this.serverId, name: 'shop' };
  }

  async bind(given: object = {}, { client } = this.admin): Promise<Bound> {
    const input = {
      ...this.place(),
      url: 'https://git.example/team/app.git',
      token,
      webhook: true,
      ...given,
    };
    return (await client.query<{ bindGitSource: Bound }>(bindDocument, { input })).bindGitSource;
  }

  /** @returns the id of the job */
  async deploy({ client } = this.admin): Promise<string> {
    const { deployGitSource } = await client.query<{ deployGitSource: { job: { id: string } } }>(
      deployDocument,
      { input: this.place() },
    );
    return deployGitSource.job.id;
  }

  row() {
    return this.api.platform.db.prisma.gitSource.findUniqueOrThrow({
      where: { serverId_stack: { serverId: this.serverId, stack: 'shop' } },
    });
  }

  /** The job that was begun last comes to an end. */
  async ends(
    commit: string,
    error: { code: 'DOCKER_ERROR' | 'CONFLICT'; message: string } | null = null,
  ): Promise<void> {
    const { jobs } = this.api.services;
    const job = await jobs.require(String(this.deployed.at(-1)?.['jobId']));
    const state = error ? 'failed' : 'succeeded';
    await jobs.records.end(job, { state, result: error ? null : { version: 2, commit }, error });
  }

  /** With a first deployment behind it. */
  async running(given: object = {}, person = this.admin): Promise<Bound> {
    const bound = await this.bind(given, person);
    await this.deploy(person);
    await this.ends(one);
    await this.api.services.gitSources.conductor.round();
    const { commit, jobId, failure } = await this.row();
    if (commit !== one || jobId !== null || failure !== null) {
      throw new Error(`It was not deployed: ${String(failure)}`);
    }
    this.deployed = [];
    this.scopes = [];
    return bound;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api?.[Symbol.asyncDispose]();
  }
}
