import type { Prisma, Secret } from '@serverkit/prisma/generated/client/client.ts';
import {
  boundPlaces,
  checkPlaces,
  isFor,
  placeRows,
  shownPlaces,
  type BoundPlaces,
  type StoredPlace,
} from '../access/bound-places.ts';
import type { Rights } from '../access/rights.ts';
import type { Access } from '../access/service.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { ContainerMirror } from '../containers/service.ts';
import { notFound, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Platform } from '../platform.ts';
import { errorCode } from '../startup-error.ts';
import { usersByName, type SecretUser, type SecretUsers } from './users.ts';

/** What is told of a secret. Its value is in none of our answers. */
export interface KnownSecret extends Pick<
  Secret,
  'id' | 'name' | 'description' | 'version' | 'createdAt' | 'updatedAt' | 'usedAt'
> {
  /** Which servers get it. */
  readonly places: BoundPlaces;
}

export interface NewSecret {
  readonly name: string;
  readonly description: string;
  readonly value: string;
  readonly places: BoundPlaces;
}

/** What is absent stays as it is. */
export type SecretChange = {
  readonly [Key in 'description' | 'value' | 'places']?: NewSecret[Key] | undefined;
};

/** What a server gets secrets for; on record with each of them. */
export interface SecretHandOver {
  readonly serverId: string;
  readonly actor: Actor;
  /** noun.verb, such as `container.create`. */
  readonly purpose: string;
  /** Names of more, which are handed over as far as the server gets them. @default none */
  readonly also?: readonly string[];
  /** The stack that they are for. */
  readonly stack?: string;
}

/** A secret on its way to an agent, for one operation. */
export interface HandedSecret {
  readonly name: string;
  readonly value: string;
  /** Another one for another value. */
  readonly stamp: string;
}

interface Needs extends Pick<Platform, 'db' | 'vault'> {
  readonly audit: Audit;
  readonly access: Pick<Access, 'placement'>;
  readonly mirror: Pick<ContainerMirror, 'all'>;
}

const storedPlaces = { select: { serverId: true, groupId: true } } as const;
const told = {
  id: true,
  name: true,
  description: true,
  version: true,
  createdAt: true,
  updatedAt: true,
  usedAt: true,
  everywhereName: true,
  places: storedPlaces,
} as const;
const scope = 'secrets:use';
const mostSecrets = 2_000;

/** Values that containers get by name. Of several with one name a server gets that of the nearest place. */
export class Secrets {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Those of which a server is seen with these rights, and of their servers and groups those that are; by name. */
  async list(rights: Rights): Promise<KnownSecret[]> {
    const rows = await this.#needs.db.prisma.secret.findMany({
      select: told,
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
    });
    return rows.flatMap((row) => {
      const places = shownPlaces(placesOf(row), { rights, scope }, this.#needs.access.placement);
      return places ? [{ ...row, places }] : [];
    });
  }

  /** Containers that were made with secrets, as they were last seen, on servers where these rights see containers. */
  users(rights: Rights): Promise<SecretUsers> {
    const seen = rights.serversWith('docker:containers:read');
    const servers = [...this.#needs.mirror.all()];
    return usersByName(servers.filter(([serverId]) => seen === null || seen.has(serverId)));
  }

  /** Of these those that were made with a secret of its name, on servers that get this one. */
  usersOf({ name, places }: Pick<KnownSecret, 'name' | 'places'>, users: SecretUsers): SecretUser[] {
    const { placement } = this.#needs.access;
    return [...(users.get(name) ?? [])].flatMap(([serverId, here]) =>
      isFor(places, serverId, placement) ? here : [],
    );
  }

  /** @throws ServerKitError CONFLICT for a name that is taken in one of its places, or one too many; NOT_FOUND for a place */
  async create({ name, description, value, places }: NewSecret, actor: Actor): Promise<KnownSecret> {
    checkPlaces(places, 'the secret');
    const { db, audit } = this.#needs;
    const id = newId('secret');
    return unlessTaken(name, () =>
      db.prisma.$transaction(async (tx) => {
        if ((await tx.secret.count()) >= mostSecrets) {
          throw new ServerKitError('CONFLICT', `There are ${mostSecrets} secrets. Delete some first.`);
        }
        const made = await tx.secret.create({
          data: {
            id,
            name,
            description,
            sealedValue: this.#seal({ id, name }, value),
            everywhereName: places.everywhere ? name : null,
          },
          select: told,
        });
        await storePlaces(tx, { id, name }, places);
        await audit.record(tx, {
          actor,
          action: 'secret.create',
          target: { kind: 'secret', id, name },
          parameters: { ...places },
        });
        return { ...made, places };
      }),
    );
  }

  /** Another value, description, or other servers that get it. @throws ServerKitError NOT_FOUND, CONFLICT */
  async update(id: string, { description, value, places }: SecretChange, actor: Actor): Promise<KnownSecret> {
    if (places) checkPlaces(places, 'the secret');
    const { db, audit } = this.#needs;
    const { name } = await found(db.prisma, id);
    return unlessTaken(name, () =>
      db.prisma.$transaction(async (tx) => {
        await found(tx, id);
        if (places) await storePlaces(tx, { id, name }, places);
        const changed = await tx.secret.update({
          where: { id },
          data: {
            ...(description !== undefined && { description }),
            ...(value !== undefined && {
              sealedValue: this.#seal({ id, name }, value),
              version: { increment: 1 },
              updatedAt: new Date(),
            }),
            ...(places && { everywhereName: places.everywhere ? name : null }),
          },
          select: told,
        });
        await audit.record(tx, {
          actor,
          action: 'secret.update',
          target: { kind: 'secret', id, name },
          parameters: { replaced: value !== undefined, ...places },
        });
        return { ...changed, places: placesOf(changed) };
      }),
    );
  }

  /** What has it keeps what it was given; it is not made again. @throws ServerKitError NOT_FOUND */
  async delete(id: string, actor: Actor): Promise<void> {
    const { db, audit } = this.#needs;
    await db.prisma.$transaction(async (tx) => {
      const { name } = await found(tx, id);
      await tx.secret.delete({ where: { id } });
      await audit.record(tx, { actor, action: 'secret.delete', target: { kind: 'secret', id, name } });
    });
  }

  /**
   * The values that a server gets by these names now. For the variables of the one operation that needs them, and nothing
   * else. That they are handed over is on record before they are.
   *
   * @throws ServerKitError NOT_FOUND naming the first that this server does not get
   */
  async values(
    names: readonly string[],
    { serverId, actor, purpose, also = [], stack }: SecretHandOver,
  ): Promise<HandedSecret[]> {
    const { db, audit, vault } = this.#needs;
    const wanted = [...new Set([...names, ...also])];
    const rows = await db.prisma.secret.findMany({
      where: { name: { in: wanted } },
      include: { places: storedPlaces },
    });
    const meant = wanted.flatMap((name) => {
      const row = this.#nearest(
        rows.filter((one) => one.name === name),
        serverId,
      );
      if (row) return row;
      if (!names.includes(name)) return [];
      throw new ServerKitError(
        'NOT_FOUND',
        `This server gets no secret called "${name}". Keep one for it, or say that it gets the one there is.`,
        { details: { secret: name } },
      );
    });
    const handed = meant.map((row) => ({
      name: row.name,
      value: vault.open(row.sealedValue, sealContext(row)).toString(),
      stamp: `${row.id}.${row.version}`,
    }));
    await db.prisma.$transaction(async (tx) => {
      for (const { id, name } of meant) {
        await audit.record(tx, {
          actor,
          action: 'secret.hand-over',
          target: { kind: 'secret', id, name },
          serverId,
          parameters: { purpose },
        });
      }
      await tx.secret.updateMany({
        where: { id: { in: meant.map(({ id }) => id) } },
        data: { usedAt: new Date() },
      });
      if (stack !== undefined) {
        const data = meant.map(({ name }) => ({ serverId, stack, name }));
        await tx.stackSecret.createMany({ data, skipDuplicates: true });
      }
    });
    return handed;
  }

  /** Of secrets with one name the one for a server itself, else for its nearest group, else for all. */
  #nearest<Row extends Placed>(rows: readonly Row[], serverId: string): Row | undefined {
    const chain = this.#needs.access.placement.chainOf(serverId);
    const at = (test: (place: StoredPlace) => boolean): Row | undefined =>
      rows.find(({ places }) => places.some(test));
    return (
      at((place) => place.serverId === serverId) ??
      chain.map((group) => at((place) => place.groupId === group)).find((row) => row !== undefined) ??
      rows.find(({ everywhereName }) => everywhereName !== null)
    );
  }

  #seal(secret: Pick<Secret, 'id' | 'name'>, value: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#needs.vault.seal(Buffer.from(value), sealContext(secret)));
  }
}

/** What a value is sealed for. With the name: whoever can write to the database alone cannot have one delivered as another. */
export const sealContext = ({ id, name }: Pick<Secret, 'id' | 'name'>): string => `secret:${id}:${name}`;

interface Placed {
  readonly everywhereName: string | null;
  readonly places: readonly StoredPlace[];
}

const placesOf = ({ everywhereName, places }: Placed): BoundPlaces =>
  boundPlaces(everywhereName !== null, places);

/** @throws ServerKitError NOT_FOUND */
async function storePlaces(
  tx: Prisma.TransactionClient,
  { id: secretId, name }: Pick<Secret, 'id' | 'name'>,
  places: BoundPlaces,
): Promise<void> {
  const rows = await placeRows(tx, places);
  await tx.secretPlace.deleteMany({ where: { secretId } });
  await tx.secretPlace.createMany({ data: rows.map((row) => Object.assign({ secretId, name }, row)) });
}

async function unlessTaken<Result>(name: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (errorCode(error) !== 'P2002') throw error;
    throw new ServerKitError(
      'CONFLICT',
      `There is a secret "${name}" for one of these places already. Replace its value, or choose another name.`,
    );
  }
}

async function found(
  tx: Pick<Prisma.TransactionClient, 'secret'>,
  id: string,
): Promise<Pick<Secret, 'name'>> {
  const row = await tx.secret.findUnique({ where: { id }, select: { name: true } });
  if (!row) throw notFound('secret', id);
  return row;
}
