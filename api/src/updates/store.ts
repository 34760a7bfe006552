import { Prisma } from '@serverkit/prisma/generated/client/client.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit, AuditEntry } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { storableText } from '../database/storable.ts';
import { notFound } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Topics } from '../live/topics.ts';
import { updatePolicyChanges, type UpdatePolicyChange } from './events.ts';
import { policyOf, storedAttempt, type Attempt, type Policy } from './policy.ts';

/** What somebody decides about a policy. */
export type PolicyChoice = Pick<
  Policy,
  | 'serverId'
  | 'kind'
  | 'name'
  | 'compose'
  | 'mode'
  | 'window'
  | 'healthTimeoutSeconds'
  | 'ownerId'
  | 'ownerLabel'
  | 'tokenId'
  | 'scopes'
>;

/** What becomes known of it. What is absent stays as it is. */
export type PolicyNews = Partial<
  Pick<
    Policy,
    'checkedAt' | 'nextCheckAt' | 'failures' | 'problem' | 'newer' | 'noticedAt' | 'hold' | 'attempt'
  >
>;

interface Needs {
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
}

/** Policies in the database, and in memory, as lists of containers ask for them by the thousand. */
export class PolicyStore {
  readonly #needs: Needs;
  readonly #policies = new Map<string, Policy>();
  /** By server: the overview asks with every sample. */
  readonly #byServer = new Map<string, Map<string, Policy>>();
  /** By what they are for: lists ask for each of their rows. */
  readonly #ids = new Map<string, string>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Reads them; before the first request. */
  async load(): Promise<void> {
    const rows = await this.#needs.db.prisma.updatePolicy.findMany();
    for (const row of rows) this.#keep(policyOf(row));
  }

  all(): Policy[] {
    return [...this.#policies.values()];
  }

  get(id: string): Policy | undefined {
    return this.#policies.get(id);
  }

  /** Of a server. @throws ServerKitError NOT_FOUND */
  require(serverId: string, id: string): Policy {
    const policy = this.#policies.get(id);
    if (!policy || policy.serverId !== serverId) throw notFound('update policy', id);
    return policy;
  }

  find(serverId: string, kind: Policy['kind'], name: string, compose: string | null): Policy | null {
    const key = keyOf({ serverId, kind, name });
    const policy = this.#policies.get(this.#ids.get(key) ?? '');
    return policy && policy.compose === compose ? policy : null;
  }

  of(serverId: string): Policy[] {
    return [...(this.#byServer.get(serverId)?.values() ?? [])];
  }

  /**
   * In place of the one that the container or stack has; what is known of it stays.
   *
   * @param check - of those on the server as they are then; throws where this one must not be beside them
   * @throws ServerKitError NOT_FOUND
   */
  async set(
    { window, scopes, ...choice }: PolicyChoice,
    actor: Actor,
    check: (others: readonly Policy[]) => void,
  ): Promise<Policy> {
    const { serverId, kind, name, mode, compose } = choice;
    const data = {
      ...choice,
      window: { ...window, days: [...window.days] },
      scopes: [...scopes],
      setAt: new Date(),
      nextCheckAt: new Date(),
      hold: null,
    };
    const { db, audit } = this.#needs;
    const row = await db.prisma.$transaction(async (tx) => {
      // One at a time for a server: of two that exclude each other, neither would find the other.
      const held = await tx.$executeRaw`SELECT FROM "Server" WHERE "id" = ${serverId} FOR NO KEY UPDATE`;
      if (held === 0) throw notFound('server', serverId);
      const others = (await tx.updatePolicy.findMany({ where: { serverId } })).map(policyOf);
      check(others);
      const before = others.find((other) => other.kind === kind && other.name === name);
      // What is known is of another container that was called the same.
      const update = before?.compose === compose ? data : { ...data, ...nothingKnown };
      const kept = await tx.updatePolicy.upsert({
        where: { serverId_kind_name: { serverId, kind, name } },
        create: { id: newId('updatePolicy'), ...data },
        update,
      });
      await audit.record(tx, {
        actor,
        action: 'updatePolicy.set',
        target: { kind, id: name, name },
        serverId,
        parameters: { policyId: kept.id, mode, ...(mode === 'apply' && { window: textOf(window) }) },
      });
      return kept;
    });
    return this.#changed(policyOf(row), 'SET');
  }

  /** @throws ServerKitError NOT_FOUND */
  async remove({ id, serverId, kind, name }: Policy, actor: Actor): Promise<void> {
    const { db, audit, topics } = this.#needs;
    await db.prisma.$transaction(async (tx) => {
      const { count } = await tx.updatePolicy.deleteMany({ where: { id } });
      if (count === 0) throw notFound('update policy', id);
      await audit.record(tx, {
        actor,
        action: 'updatePolicy.remove',
        target: { kind, id: name, name },
        serverId,
        parameters: { policyId: id },
      });
    });
    this.#drop(id);
    topics.publish(updatePolicyChanges, { serverId, policyId: id, kind: 'REMOVED' });
  }

  /**
   * Puts down what became known, and what of it belongs on record.
   *
   * @returns null where it was removed meanwhile
   */
  async note(
    id: string,
    news: PolicyNews,
    {
      kind = 'CHANGED',
      entry,
    }: { readonly kind?: UpdatePolicyChange['kind']; readonly entry?: AuditEntry } = {},
  ): Promise<Policy | null> {
    const { db, audit } = this.#needs;
    const data = stored(news);
    const row = await db.prisma.$transaction(async (tx) => {
      const [kept] = await tx.updatePolicy.updateManyAndReturn({ where: { id }, data });
      if (kept && entry) await audit.record(tx, entry);
      return kept;
    });
    if (row) return this.#changed(policyOf(row), kind);
    this.#drop(id);
    return null;
  }

  /**
   * Begins an update unless one is under way, or somebody has set or removed the policy since it was read.
   *
   * @returns null where it is not to be begun
   */
  async claim({ id, setAt }: Pick<Policy, 'id' | 'setAt'>, attempt: Attempt): Promise<Policy | null> {
    const [row] = await this.#needs.db.prisma.updatePolicy.updateManyAndReturn({
      where: {
        id,
        setAt,
        OR: [
          { attempt: { equals: Prisma.DbNull } },
          { NOT: { attempt: { path: ['state'], equals: 'begun' } } },
        ],
      },
      data: { attempt: storedAttempt(attempt), hold: null },
    });
    return row ? this.#changed(policyOf(row), 'BEGUN') : null;
  }

  /** The server is gone, and so are they. */
  forget(serverId: string): void {
    for (const { id } of this.of(serverId)) this.#drop(id);
  }

  #keep(policy: Policy): void {
    this.#policies.set(policy.id, policy);
    const theirs = this.#byServer.get(policy.serverId) ?? new Map<string, Policy>();
    this.#byServer.set(policy.serverId, theirs.set(policy.id, policy));
    this.#ids.set(keyOf(policy), policy.id);
  }

  #drop(id: string): void {
    const policy = this.#policies.get(id);
    if (!policy) return;
    this.#policies.delete(id);
    this.#byServer.get(policy.serverId)?.delete(id);
    this.#ids.delete(keyOf(policy));
  }

  #changed(policy: Policy, kind: UpdatePolicyChange['kind']): Policy {
    const { id: policyId, serverId } = policy;
    this.#keep(policy);
    this.#needs.topics.publish(updatePolicyChanges, { serverId, policyId, kind });
    return policy;
  }
}

const nothingKnown = {
  checkedAt: null,
  failures: 0,
  problem: Prisma.DbNull,
  newer: [],
  noticedAt: null,
  attempt: Prisma.DbNull,
} satisfies Prisma.UpdatePolicyUpdateManyMutationInput;

const keyOf = ({ serverId, kind, name }: Pick<Policy, 'serverId' | 'kind' | 'name'>): string =>
  `${serverId} ${kind} ${name}`;

function stored({
  problem,
  newer,
  attempt,
  ...news
}: PolicyNews): Prisma.UpdatePolicyUpdateManyMutationInput {
  return {
    ...news,
    ...(problem !== undefined && {
      problem: problem
        ? { code: problem.code, message: storableText(problem.message.slice(0, 1_000)) }
        : Prisma.DbNull,
    }),
    ...(newer && { newer: newer.map((one) => ({ ...one })) }),
    ...(attempt !== undefined && { attempt: attempt ? storedAttempt(attempt) : Prisma.DbNull }),
  };
}

/** For the audit. */
function textOf({ days, from, to, timeZone }: Policy['window']): string {
  return `${days.join(',')} ${from}-${to} ${timeZone}`;
}
