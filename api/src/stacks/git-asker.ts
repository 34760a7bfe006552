import type { GitSource } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentService } from '../agents/service.ts';
import type { GitHeadQuery, GitPlanQuery } from '../generated/agent/graphql.ts';
import type { Platform } from '../platform.ts';
import type { Registries, RegistryAuth } from '../registries/service.ts';
import { sourceInput, type GitBy } from './git-source.ts';
import { stackSync } from './jobs.ts';
import { GitHeadDocument, GitPlanDocument } from './operations.ts';

export type GitHead = GitHeadQuery['gitHead'];
export type GitPlan = GitPlanQuery['gitPlan'];

/** Longer than the agent waits for a repository. Milliseconds. */
const headMs = 150_000;
const planMs = 300_000;
const scope = 'docker:compose:write' as const;
/** Reading a repository puts credentials to use, which is for who may deploy. */
const reads = ['docker:compose:read', scope] as const;

export interface GitAskerNeeds extends Pick<Platform, 'vault'> {
  readonly agents: Pick<AgentService, 'commands'>;
  readonly registries: Registries;
}

/** Asks servers about repositories: the control plane itself reads none. */
export class GitAsker {
  readonly #needs: GitAskerNeeds;

  constructor(needs: GitAskerNeeds) {
    this.#needs = needs;
  }

  /** What the branch points to now. @throws ServerKitError */
  async head(row: GitSource, by: GitBy, signal?: AbortSignal): Promise<GitHead> {
    const { agents, vault } = this.#needs;
    const link = await agents.commands.link(row.serverId, scope);
    const call = { actor: by.asker, scopes: reads, timeoutMs: headMs, ...(signal && { signal }) };
    return (await link.run(GitHeadDocument, { source: sourceInput(vault, row) }, call)).gitHead;
  }

  /** What deploying it would do. @throws ServerKitError */
  async plan(row: GitSource, env: string | null, by: GitBy): Promise<GitPlan> {
    const { agents, vault } = this.#needs;
    const link = await agents.commands.link(row.serverId, scope);
    const variables = { name: row.stack, source: sourceInput(vault, row), env };
    const call = { actor: by.asker, scopes: [...reads, ...by.held], timeoutMs: planMs };
    return (await link.run(GitPlanDocument, variables, call)).gitPlan;
  }

  /** For the registries that its images come from, where the server gets some. */
  async auths(row: GitSource, env: string | null, by: GitBy): Promise<RegistryAuth[]> {
    const { registries, agents } = this.#needs;
    const { serverId } = row;
    const link = await agents.commands.link(serverId, scope);
    const may = by.held.includes('docker:images:write') && link.scopes.has('docker:images:write');
    if (!may || !(await registries.anyFor(serverId))) return [];
    // Where it cannot be told, the job itself says why.
    const services = await this.plan(row, env, by).then(
      ({ plan }) => plan.services,
      () => [],
    );
    const images = services.flatMap(({ image }) => image ?? []);
    const handOver = { serverId, actor: by.actor, purpose: stackSync.name };
    return [...(await registries.authsFor(images, handOver)).values()];
  }
}
