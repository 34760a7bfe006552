import type { Job } from '@serverkit/prisma/generated/client/client.ts';
import type { Logger } from 'pino';
import { seenOf, type Sees } from '../access/sees.ts';
import type { AgentService } from '../agents/service.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Containers, SeenContainer } from '../containers/service.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid, notFound, permissionDenied, ServerKitError } from '../errors.ts';
import type { Images } from '../images/service.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Topics } from '../live/topics.ts';
import type { Mandate, Mandates } from '../mandates/service.ts';
import type { Registries } from '../registries/service.ts';
import type { Secrets } from '../secrets/service.ts';
import type { Stacks } from '../stacks/service.ts';
import { Applier } from './applier.ts';
import { Conductor } from './conductor.ts';
import { followed, identityOf, projectIn, type ContainerIdentity } from './identity.ts';
import { missingOf, ownerOf, policyScopes, type Runner } from './owners.ts';
import { wasTried, type Policy, type UpdateMode } from './policy.ts';
import { PolicyStore } from './store.ts';
import { Surveyor } from './survey.ts';
import { windowShape, type MaintenanceWindow } from './window.ts';

export type { Policy } from './policy.ts';

/** What a policy is for. */
export type PolicyTarget =
  | { readonly kind: 'container'; readonly containerId: string }
  | { readonly kind: 'stack'; readonly name: string };

export interface NewPolicy {
  readonly serverId: string;
  readonly target: PolicyTarget;
  readonly mode: UpdateMode;
  readonly window: MaintenanceWindow;
  readonly healthTimeoutSeconds: number;
}

/** A person, and what they hold on the server. */
export interface Asker extends Runner {
  /** Null where there is nobody on whose behalf it could run. */
  readonly person: (Mandate & { readonly email: string }) | null;
  readonly signal: AbortSignal;
}

interface Needs {
  readonly db: Database;
  readonly log: Logger;
  readonly mandates: Mandates;
  readonly audit: Audit;
  readonly topics: Topics;
  readonly agents: AgentService;
  readonly containers: Containers;
  readonly images: Images;
  readonly jobs: Jobs;
  readonly registries: Registries;
  readonly secrets: Secrets;
  readonly stacks: Stacks;
}

/** What is to be done about newer images of containers and stacks: set by people, looked after by a {@link Conductor}. */
export class Updates {
  readonly store: PolicyStore;
  readonly conductor: Conductor;
  readonly #containers: Containers;

  constructor(needs: Needs) {
    const { db, mandates, agents, jobs, containers } = needs;
    this.#containers = containers;
    this.store = new PolicyStore(needs);
    this.conductor = new Conductor({
      ...needs,
      store: this.store,
      surveyor: new Surveyor(needs),
      applier: new Applier(needs),
      ownerOf: (policy) => ownerOf(mandates, policy),
      online: (serverId) => {
        const link = agents.links.get(serverId);
        return link !== undefined && !link.closed.aborted;
      },
      async inMaintenance(serverIds) {
        const servers = await db.prisma.server.findMany({
          where: { id: { in: [...serverIds] }, maintenance: true },
          select: { id: true },
        });
        return new Set(servers.map(({ id }) => id));
      },
      findJob: (id) => jobs.records.find(id),
      jobOf: ({ id, serverId }, since) => jobs.records.newestWith(serverId, { policyId: id }, since),
    });
  }

  /** The policy that a container has, as it is called and made now. */
  ofContainer({ serverId, container }: Pick<SeenContainer, 'serverId' | 'container'>): Policy | null {
    const { name, compose } = identityOf(container);
    return this.store.find(serverId, 'container', name, compose);
  }

  ofStack(serverId: string, name: string): Policy | null {
    return this.store.find(serverId, 'stack', name, null);
  }

  /** What of a server could not be updated, and is not tried again by itself. */
  failed(serverId: string): { readonly name: string; readonly at: Date }[] {
    return this.store
      .of(serverId)
      .filter((policy) => policy.mode !== 'off' && wasTried(policy))
      .flatMap(({ name, attempt }) => (attempt ? [{ name, at: attempt.at }] : []));
  }

  /** Those on servers that are seen, or on these of them; by server and name. */
  list(serverIds: readonly string[] | null, sees: Sees): readonly Policy[] {
    const all = this.store
      .all()
      .filter(({ serverId }) => serverIds === null || serverIds.includes(serverId))
      .toSorted((a, b) => a.serverId.localeCompare(b.serverId) || a.name.localeCompare(b.name));
    return seenOf(all, sees, ({ serverId }) => serverId);
  }

  /**
   * In place of the one that it had.
   *
   * @throws ServerKitError NOT_FOUND; PERMISSION_DENIED for what it would take to run; CONFLICT where the stack of a
   *   container has one, or a container of the stack: two would undo each other's work
   */
  async set(
    { serverId, target, mode, window, healthTimeoutSeconds }: NewPolicy,
    asker: Asker,
  ): Promise<Policy> {
    const missing = missingOf(asker, target.kind, 'apply');
    if (missing) throw permissionDenied(missing);
    if (asker.person === null) throw permissionDenied();
    const checked = windowShape.safeParse(window);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      throw inputInvalid(
        ['input', 'window', ...(issue?.path ?? [])].join('.'),
        issue?.message ?? 'must be a window',
      );
    }
    const { kind } = target;
    const identity =
      kind === 'container'
        ? await this.#identity(serverId, target.containerId)
        : { name: target.name, compose: null };
    return this.store.set(
      {
        serverId,
        kind,
        ...identity,
        mode,
        window: checked.data,
        healthTimeoutSeconds,
        ownerId: asker.person.ownerId,
        ownerLabel: asker.person.email,
        tokenId: asker.person.tokenId,
        scopes: policyScopes.filter((scope) => asker.scopes.has(scope)),
      },
      asker.actor,
      (others) => checkAlone(others, kind, identity),
    );
  }

  async #identity(serverId: string, containerId: string): Promise<ContainerIdentity> {
    const seen = await this.#containers.find(serverId, containerId);
    if (!seen) throw notFound('container', containerId);
    return identityOf(seen.container);
  }

  /** @throws ServerKitError NOT_FOUND, PERMISSION_DENIED */
  async remove(serverId: string, id: string, asker: Runner & { readonly actor: Actor }): Promise<void> {
    const policy = this.store.require(serverId, id);
    const missing = missingOf(asker, policy.kind, 'apply');
    if (missing) throw permissionDenied(missing);
    await this.store.remove(policy, asker.actor);
  }

  /** Asks the registries now, on behalf of the one who asks. @throws ServerKitError NOT_FOUND, AGENT_OFFLINE, PERMISSION_DENIED */
  async check(serverId: string, id: string, asker: Asker): Promise<Policy> {
    const policy = this.store.require(serverId, id);
    const missing = missingOf(asker, policy.kind, 'notify');
    if (missing) throw permissionDenied(missing);
    const checked = await this.conductor.check(policy, asker, asker.signal);
    if (!checked) throw notFound('update policy', id);
    return checked;
  }

  /**
   * Begins what is newer now, on behalf of the one who asks, whatever the window and whether it failed before.
   *
   * @throws ServerKitError CONFLICT when nothing is newer or one is under way; as {@link check}
   */
  async apply(serverId: string, id: string, asker: Asker): Promise<Job> {
    const policy = this.store.require(serverId, id);
    const missing = missingOf(asker, policy.kind, 'apply');
    if (missing) throw permissionDenied(missing);
    const checked = await this.check(serverId, id, asker);
    if (checked.newer.length === 0) {
      throw new ServerKitError(
        'CONFLICT',
        checked.problem?.message ?? `Nothing newer than what ${checked.name} runs is known.`,
      );
    }
    return this.conductor.begin(checked, asker);
  }

  /** The container that a policy follows now, as last seen; null when there is none. */
  container(policy: Policy): SeenContainer | null {
    const seen = this.#containers.mirror.peek(policy.serverId);
    const container = seen && followed(policy, seen.containers.values());
    return container ? { serverId: policy.serverId, container, observedAt: seen.observedAt } : null;
  }
}

/** @throws ServerKitError CONFLICT for a stack and a container of it */
function checkAlone(
  others: readonly Policy[],
  kind: Policy['kind'],
  identity: Pick<Policy, 'name' | 'compose'>,
): void {
  const active = others.filter(({ mode }) => mode !== 'off');
  const other =
    kind === 'stack'
      ? active.find((policy) => projectIn(policy) === identity.name)
      : active.find((policy) => policy.kind === 'stack' && policy.name === projectIn(identity));
  if (!other) return;
  const message =
    kind === 'stack'
      ? `The container ${other.name} of this stack has an update policy of its own. Remove that first.`
      : `The stack ${other.name} that this container is of has an update policy, which is about it too.`;
  throw new ServerKitError('CONFLICT', message);
}
