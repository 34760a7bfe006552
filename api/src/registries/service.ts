import type { Prisma, Registry } from '@serverkit/prisma/generated/client/client.ts';
import { defaultHost, parseImageReference, registryHost } from '@serverkit/wire/image-reference.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { AgentService } from '../agents/service.ts';
import type { Access } from '../access/service.ts';
import type { Rights } from '../access/rights.ts';
import type { Platform } from '../platform.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { errorCode } from '../startup-error.ts';
import { newId } from '../ids.ts';
import { CheckRegistryDocument } from './operations.ts';
import {
  boundPlaces,
  checkPlaces,
  isFor,
  placeRows,
  shownPlaces,
  type BoundPlaces,
} from '../access/bound-places.ts';

/** What is told of a registry. Its password is in none of our answers. */
export interface KnownRegistry extends Pick<
  Registry,
  'id' | 'host' | 'username' | 'createdAt' | 'updatedAt'
> {
  /** Which servers get the password. */
  readonly places: BoundPlaces;
}

export interface NewRegistry {
  readonly host: string;
  readonly username: string;
  readonly password: string;
  readonly places: BoundPlaces;
}

/** What is absent stays as it is. */
export type RegistryChange = {
  readonly [Key in 'username' | 'password' | 'places']?: NewRegistry[Key] | undefined;
};

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
  readonly access: Pick<Access, 'placement'>;
  readonly agents: Pick<AgentService, 'commands'>;
}

/** What a server gets credentials for; on record with each of them. */
export interface HandOver {
  readonly serverId: string;
  readonly actor: Actor;
  /** noun.verb, such as `image.pull`. */
  readonly purpose: string;
}

/** Credentials by the host that they are for. */
export type RegistryAuths = ReadonlyMap<string, RegistryAuth>;

/** As the database has them. */
const storedPlaces = {
  everywhere: true,
  places: { select: { serverId: true, groupId: true } },
} as const;

const placesOf = ({
  everywhere,
  places,
}: Prisma.RegistryGetPayload<{ select: typeof storedPlaces }>): BoundPlaces =>
  boundPlaces(everywhere, places);

const told = {
  id: true,
  host: true,
  username: true,
  createdAt: true,
  updatedAt: true,
  ...storedPlaces,
} as const;
/** Who may look at images of a server is shown that it gets a password. */
const scope = 'docker:images:read';
const mostRegistries = 500;
/** A registry may be slow, or drop what is sent to it. Milliseconds. */
const checkMs = 60_000;
/** Of what a registry, or whoever stands in its place, says to being asked. Characters. */
const longestMessage = 2_000;
/** What Docker's own registry is called where credentials are meant. */
const dockerHub = 'https://index.docker.io/v1/';

/** Registries with credentials, by the host that references name. */
export class Registries {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Those of which a server is seen with these rights, and of their servers and groups those that are. */
  async list(rights: Rights): Promise<KnownRegistry[]> {
    const rows = await this.#needs.db.prisma.registry.findMany({ select: told, orderBy: { host: 'asc' } });
    return rows.flatMap((row) => {
      const places = shownPlaces(placesOf(row), { rights, scope }, this.#needs.access.placement);
      return places ? [{ ...row, places }] : [];
    });
  }

  /** @throws ServerKitError CONFLICT for a host that is there already, or one too many; NOT_FOUND for a place */
  async create({ password, places, ...given }: NewRegistry, actor: Actor): Promise<KnownRegistry> {
    checkPlaces(places, 'the password');
    const { db, audit } = this.#needs;
    const [id, host] = [newId('registry'), registryHost(given.host)];
    const { username } = given;
    try {
      return await db.prisma.$transaction(async (tx) => {
        if ((await tx.registry.count()) >= mostRegistries) {
          throw new ServerKitError('CONFLICT', `There are ${mostRegistries} registries. Delete some first.`);
        }
        const sealedPassword = this.#seal({ id, host }, password);
        const data = { id, host, username, sealedPassword, everywhere: places.everywhere };
        const made = await tx.registry.create({ data, select: told });
        await storePlaces(tx, id, places);
        await audit.record(tx, {
          actor,
          action: 'registry.create',
          target: { kind: 'registry', id, name: host },
          parameters: { username, ...places },
        });
        return { ...made, places };
      });
    } catch (error) {
      if (errorCode(error) === 'P2002') {
        throw new ServerKitError('CONFLICT', `There are credentials for ${host} already. Change those.`);
      }
      throw error;
    }
  }

  /** Other credentials for the same host, or other servers that get them. @throws ServerKitError NOT_FOUND */
  async update(
    id: string,
    { username, password, places }: RegistryChange,
    actor: Actor,
  ): Promise<KnownRegistry> {
    if (places) checkPlaces(places, 'the password');
    const { db, audit } = this.#needs;
    return db.prisma.$transaction(async (tx) => {
      const { host } = await found(tx, id);
      if (places) await storePlaces(tx, id, places);
      const changed = await tx.registry.update({
        where: { id },
        data: {
          ...(username !== undefined && { username }),
          ...(password !== undefined && { sealedPassword: this.#seal({ id, host }, password) }),
          ...((username ?? password) !== undefined && { updatedAt: new Date() }),
          ...(places && { everywhere: places.everywhere }),
        },
        select: told,
      });
      await audit.record(tx, {
        actor,
        action: 'registry.update',
        target: { kind: 'registry', id, name: host },
        parameters: {
          ...(username !== undefined && { username }),
          password: password !== undefined ? 'changed' : 'kept',
          ...places,
        },
      });
      return { ...changed, places: placesOf(changed) };
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
   * @throws ServerKitError NOT_FOUND, CONFLICT where the server does not get the password, AGENT_OFFLINE, …
   */
  async check(
    id: string,
    serverId: string,
    { rights, ...asker }: { readonly actor: Actor; readonly signal: AbortSignal; readonly rights: Rights },
  ): Promise<RegistryCheck> {
    const row = await found(this.#needs.db.prisma, id);
    const { placement } = this.#needs.access;
    const places = placesOf(row);
    if (!isFor(places, serverId, placement)) {
      if (!shownPlaces(places, { rights, scope }, placement)) throw notFound('registry', id);
      throw new ServerKitError('CONFLICT', `The credentials for ${row.host} are not for this server.`);
    }
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
    const { accepted, message } = answer.checkRegistry;
    return { accepted, message: message.slice(0, longestMessage) };
  }

  /** Whether a server gets any password at all. */
  async anyFor(serverId: string): Promise<boolean> {
    const { db, access } = this.#needs;
    const rows = await db.prisma.registry.findMany({ select: storedPlaces });
    return rows.some((row) => isFor(placesOf(row), serverId, access.placement));
  }

  /**
   * The credentials for where an image comes from or goes to; null when there are none for this server. For the variables
   * of the one operation that needs them, and nothing else. That they are handed over is on record before they are.
   */
  async authFor(reference: string, handOver: HandOver): Promise<RegistryAuth | null> {
    return authIn(await this.authsFor([reference], handOver), reference);
  }

  /** The same for several images: each registry is on record once. */
  async authsFor(references: readonly string[], handOver: HandOver): Promise<RegistryAuths> {
    const { db, access, audit } = this.#needs;
    const rows = await db.prisma.registry.findMany({
      where: { host: { in: [...new Set(references.flatMap((reference) => hostOf(reference) ?? []))] } },
      include: { places: storedPlaces.places },
    });
    const auths = new Map<string, RegistryAuth>();
    const { serverId, actor, purpose } = handOver;
    for (const row of rows.filter((one) => isFor(placesOf(one), serverId, access.placement))) {
      const auth = this.#authOf(row);
      await audit.record(db.prisma, {
        actor,
        action: 'registry.hand-over',
        target: { kind: 'registry', id: row.id, name: row.host },
        serverId,
        parameters: { purpose },
      });
      auths.set(row.host, auth);
    }
    return auths;
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

/** Of these credentials those for an image. */
export function authIn(auths: RegistryAuths, reference: string): RegistryAuth | null {
  return auths.get(hostOf(reference) ?? '') ?? null;
}

function hostOf(reference: string): string | undefined {
  const parsed = parseImageReference(reference);
  return parsed && registryHost(parsed.host);
}

/** Puts down which servers get the password instead of those before. @throws ServerKitError NOT_FOUND */
async function storePlaces(
  tx: Prisma.TransactionClient,
  registryId: string,
  places: BoundPlaces,
): Promise<void> {
  const rows = await placeRows(tx, places);
  await tx.registryPlace.deleteMany({ where: { registryId } });
  await tx.registryPlace.createMany({ data: rows.map((row) => Object.assign({ registryId }, row)) });
}

type StoredRegistry = Prisma.RegistryGetPayload<{ include: { places: (typeof storedPlaces)['places'] } }>;

async function found(tx: Pick<Prisma.TransactionClient, 'registry'>, id: string): Promise<StoredRegistry> {
  const row = await tx.registry.findUnique({ where: { id }, include: { places: storedPlaces.places } });
  if (!row) throw notFound('registry', id);
  return row;
}
