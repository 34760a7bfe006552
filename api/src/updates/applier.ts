import type { AgentScope } from '@serverkit/wire/scopes.ts';
import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { AgentService } from '../agents/service.ts';
import { containerRecreate, recreation, type Containers } from '../containers/service.ts';
import { permissionDenied, ServerKitError } from '../errors.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Registries, RegistryAuth } from '../registries/service.ts';
import type { HandedSecret, Secrets } from '../secrets/service.ts';
import { refreshing, stackPull, type Stacks } from '../stacks/service.ts';
import { followed } from './identity.ts';
import { heldBy, type Runner } from './owners.ts';
import type { NewerImage, Policy } from './policy.ts';

interface Needs {
  readonly agents: Pick<AgentService, 'links'>;
  readonly containers: Pick<Containers, 'list' | 'work'>;
  readonly jobs: Pick<Jobs, 'start'>;
  readonly registries: Pick<Registries, 'authsFor'>;
  readonly secrets: Pick<Secrets, 'values'>;
  readonly stacks: Pick<Stacks, 'find' | 'images' | 'secretsOf'>;
}

/** Whether a container or stack takes these, only its agent can tell. */
const mayTake: readonly AgentScope[] = ['docker:containers:privileged', 'docker:images:write'];

/** Begins updates: the same jobs that people begin, with the health-checked roll-back that those have. */
export class Applier {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @throws ServerKitError when it is certain that nothing begins */
  apply(policy: Policy, newer: readonly NewerImage[], runner: Runner): Promise<Job> {
    return policy.kind === 'container'
      ? this.#container(policy, newer, runner)
      : this.#stack(policy, newer, runner);
  }

  async #container(policy: Policy, newer: readonly NewerImage[], runner: Runner): Promise<Job> {
    const { serverId, healthTimeoutSeconds } = policy;
    const all = (await this.#needs.containers.list(serverId, true)) ?? [];
    const container = followed(
      policy,
      all.map((seen) => seen.container),
    );
    if (!container) throw new ServerKitError('NOT_FOUND', `There is no container ${policy.name} any more.`);
    const { id, name } = container;
    const images = newer.map(({ reference }) => reference);
    return this.#needs.jobs.start(containerRecreate, {
      serverId,
      target: { kind: 'container', id, name },
      parameters: { pull: 'ALWAYS', healthTimeoutSeconds, ...onRecord(policy, newer) },
      actor: runner.actor,
      heldScopes: heldBy(runner, mayTake),
      ...recreation(
        { id, image: null, pull: 'ALWAYS', healthTimeoutSeconds },
        {
          auth: async () => {
            const [auth] = await this.#auths(policy, images, runner, containerRecreate.name);
            return auth ?? null;
          },
          secrets: async () => {
            const names = await this.#needs.containers.work.secretsOf(serverId, id, askerOf(runner));
            return this.#handed(policy, names, runner, { purpose: containerRecreate.name });
          },
        },
      ),
    });
  }

  /** @throws ServerKitError PERMISSION_DENIED where its owner may not use what it is given */
  async #handed(
    { serverId }: Policy,
    names: readonly string[],
    { actor, scopes }: Runner,
    { purpose, stack }: { readonly purpose: string; readonly stack?: string },
  ): Promise<HandedSecret[]> {
    if (names.length === 0) return [];
    if (!scopes.has('secrets:use')) throw permissionDenied('secrets:use');
    return this.#needs.secrets.values(names, {
      serverId,
      actor,
      purpose,
      ...(stack !== undefined && { stack }),
    });
  }

  async #stack(policy: Policy, newer: readonly NewerImage[], runner: Runner): Promise<Job> {
    const { serverId, name, healthTimeoutSeconds: timeoutSeconds } = policy;
    const asker = askerOf(runner);
    const seen = await this.#needs.stacks.find(serverId, name, asker);
    if (!seen) throw new ServerKitError('NOT_FOUND', `There is no stack ${name} any more.`);
    const baseVersion = seen.stack.version;
    return this.#needs.jobs.start(stackPull, {
      serverId,
      target: { kind: 'stack', id: name },
      parameters: { up: true, baseVersion, ...onRecord(policy, newer) },
      actor: runner.actor,
      heldScopes: heldBy(runner, mayTake),
      ...refreshing(
        { name, services: [], up: true, baseVersion, timeoutSeconds },
        {
          auths: async () =>
            this.#auths(
              policy,
              await this.#needs.stacks.images(serverId, name, asker),
              runner,
              stackPull.name,
            ),
          secrets: async () => {
            const { needed } = await this.#needs.stacks.secretsOf(serverId, { name }, asker);
            return this.#handed(policy, needed, runner, { purpose: stackPull.name, stack: name });
          },
        },
      ),
    });
  }

  async #auths(
    { serverId }: Policy,
    images: readonly string[],
    { actor, scopes }: Runner,
    purpose: string,
  ): Promise<RegistryAuth[]> {
    const may =
      scopes.has('docker:images:write') &&
      this.#needs.agents.links.get(serverId)?.scopes.has('docker:images:write');
    if (!may) return [];
    return [...(await this.#needs.registries.authsFor(images, { serverId, actor, purpose })).values()];
  }
}

/** Whom the agent's own audit names. */
const askerOf = ({ actor }: Runner): string => ('id' in actor ? actor.id : actor.kind);

/** By which policy, whose, and which images: for whoever reads the job or the audit. */
function onRecord({ id, ownerLabel }: Policy, newer: readonly NewerImage[]): Record<string, unknown> {
  return {
    policyId: id,
    policyOwner: ownerLabel,
    newer: newer.map(({ reference, digest }) => `${reference}@${digest}`),
  };
}
