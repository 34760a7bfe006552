import type { Prisma, Registry } from '@serverkit/prisma/generated/client/client.ts';
import { defaultHost, parseImageReference, registryHost } from '@serverkit/wire/image-reference.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { AgentService } from '../agents/service.ts';
import type { Platform } from '../platform.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { errorCode } from '../startup-error.ts';
import { newId } from '../ids.ts';
import { CheckRegistryDocument } from './operations.ts';

/** What is told of a registry. Its password is in none of our answers. */
export type KnownRegistry = Pick<Registry, 'id' | 'host' | 'username' | 'createdAt' | 'updatedAt'>;

/** Credentials on their way to an agent, for one operation. */
export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  /** As engines want it. */
  readonly serverAddress: string;
}

export interface RegistryCheck {
  readonly accepted: boolean;
  /** What the registry or the engine said. */
  readonly message: string;
}

interface Needs extends Pick<Platform, 'db' | 'vault'> {
  readonly audit: Audit;
  readonly agents: Pick<AgentService, 'commands'>;
}

const told = { id: true, host: true, username: true, createdAt: true, updatedAt: true } as const;
const mostRegistries = 500;
/** A registry may be slow, or drop what is sent to it. Milliseconds. */
const checkMs = 60_000;
/** What Docker's own registry is called where credentials are meant. */
const dockerHub = 'https://index.docker.io/v1/';

/** Registries with credentials, by the host that references name. */
export class Registries {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  list(): Promise<KnownRegistry[]> {
    return this.#needs.db.prisma.registry.findMany({ select: told, orderBy: { host: 'asc' } });
  }

  /** @throws ServerKitError CONFLICT for a host that is there already, or one too many */
  async create(
    given: { readonly host: string; readonly username: string; readonly password: string },
    actor: Actor,
  ): Promise<KnownRegistry> {
    const { db, audit } = this.#needs;
    const [id, host] = [newId('registry'), registryHost(given.host)];
    const { username } = given;
    try {
      return await db.prisma.$transaction(async (tx) => {
        if ((await tx.registry.count()) >= mostRegistries) {
          throw new ServerKitError('CONFLICT', `There are ${mostRegistries} registries. Delete some first.`);
        }
        const data = { id, host, username, sealedPassword: this.#seal({ id, host }, given.password) };
        const made = await tx.registry.create({ data, select: told });
        await audit.record(tx, {
          actor,
          action: 'registry.create',
          target: { kind: 'registry', id, name: host },
          parameters: { username },
        });
        return made;
      });
    } catch (error) {
      if (errorCode(error) === 'P2002') {
        throw new ServerKitError('CONFLICT', `There are credentials for ${host} already. Change those.`);
      }
      throw error;
    }
  }

  /** Other credentials for the same host. @throws ServerKitError NOT_FOUND */
  async update(
    id: string,
    { username, password }: { readonly username: string; readonly password: string },
    actor: Actor,
  ): Promise<KnownRegistry> {
    const { db, audit } = this.#needs;
    return db.prisma.$transaction(async (tx) => {
      const { host } = await found(tx, id);
      const sealedPassword = this.#seal({ id, host }, password);
      const data = { username, sealedPassword, updatedAt: new Date() };
      const changed = await tx.registry.update({ where: { id }, data, select: told });
      await audit.record(tx, {
        actor,
        action: 'registry.update',
        target: { kind: 'registry', id, name: host },
        parameters: { username },
      });
      return changed;
    });
  }

  /** @throws ServerKitError NOT_FOUND */
  async delete(id: string, actor: Actor): Promise<void> {
    const { db, audit } = this.#needs;
    await db.prisma.$transaction(async (tx) => {
      const { host } = await found(tx, id);
      await tx.registry.delete({ where: { id } });
      await audit.record(tx, {
        actor,
        action: 'registry.delete',
        target: { kind: 'registry', id, name: host },
      });
    });
  }

  /**
   * Signs in to the registry from a server. Not from here: what counts is whether that server's engine reaches it, trusts
   * its certificate and is let in, and a registry is often nowhere but in the servers' own network.
   *
   * @throws ServerKitError NOT_FOUND, AGENT_OFFLINE, DOCKER_UNAVAILABLE, …
   */
  async check(
    id: string,
    serverId: string,
    asker: { readonly actor: Actor; readonly signal: AbortSignal },
  ): Promise<RegistryCheck> {
    const row = await found(this.#needs.db.prisma, id);
    const answer = await this.#needs.agents.commands.run({
      ...asker,
      serverId,
      action: 'registry.check',
      target: { kind: 'registry', id, name: row.host },
      scope: 'docker:images:write',
      document: CheckRegistryDocument,
      variables: { auth: this.#authOf(row) },
      timeoutMs: checkMs,
    });
    if (!answer)
      throw new ServerKitError('OUTCOME_UNKNOWN', 'The link broke before the answer came. Try again.');
    return answer.checkRegistry;
  }

  /**
   * The credentials for where an image comes from or goes to; null when there are none. For the variables of the one
   * operation that needs them, and nothing else.
   */
  async authFor(reference: string): Promise<RegistryAuth | null> {
    const parsed = parseImageReference(reference);
    if (!parsed) return null;
    const where = { host: registryHost(parsed.host) };
    const row = await this.#needs.db.prisma.registry.findUnique({ where });
    return row && this.#authOf(row);
  }

  #seal(registry: Pick<Registry, 'id' | 'host'>, password: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#needs.vault.seal(Buffer.from(password), sealContext(registry)));
  }

  /** @throws VaultError when the row was altered, or is of another installation */
  #authOf(row: Registry): RegistryAuth {
    const { host, username, sealedPassword } = row;
    const password = this.#needs.vault.open(sealedPassword, sealContext(row)).toString();
    return { username, password, serverAddress: host === defaultHost ? dockerHub : host };
  }
}

/** With the host: whoever can write to the database alone cannot have the password sent elsewhere. */
const sealContext = ({ id, host }: Pick<Registry, 'id' | 'host'>): string => `registry:${id}:${host}`;

async function found(tx: Pick<Prisma.TransactionClient, 'registry'>, id: string): Promise<Registry> {
  const row = await tx.registry.findUnique({ where: { id } });
  if (!row) throw notFound('registry', id);
  return row;
}
