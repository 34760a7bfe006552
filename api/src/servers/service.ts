import type { Prisma, Server } from '@serverkit/prisma/generated/client/client.ts';
import { isScopePattern, permissionProfiles, type PermissionProfile } from '@serverkit/wire/scopes.ts';
import type { Rights } from '../access/rights.ts';
import { agentOffline } from '../agents/agent-errors.ts';
import type { Access } from '../access/service.ts';
import { ping } from '../agents/ping.ts';
import { RestartAgentDocument } from '../agents/operations.ts';
import type { NewToken } from '../agents/registration.ts';
import type { AgentService } from '../agents/service.ts';
import { personOf, type Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { inputInvalid, notFound, ServerKitError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Jobs } from '../jobs/service.ts';
import type { Topics } from '../live/topics.ts';
import type { Terminals } from '../terminals/service.ts';
import { serverChanges, type ServerChange } from './events.ts';
import type { ServerFilter } from './list-sql.ts';
import { findServerIds } from './list.ts';

export { statusOf, type Status } from './view.ts';

export interface ServerFields {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly profile: PermissionProfile;
  /** Scope patterns; given with the profile `custom` only. */
  readonly scopes?: readonly string[] | null | undefined;
}

export type ServerPatch = { readonly [Key in keyof ServerFields]?: ServerFields[Key] | null | undefined } & {
  readonly maintenance?: boolean | null | undefined;
};

export interface CreatedServer {
  readonly server: Server;
  readonly token: NewToken;
}

const mostTags = 20;

interface Needs {
  readonly access: Access;
  readonly db: Database;
  readonly audit: Audit;
  readonly topics: Topics;
  readonly agents: AgentService;
  readonly jobs: Pick<Jobs, 'records'>;
  readonly terminals: Pick<Terminals, 'abandon' | 'serverDeleted'>;
}

/** The servers that are managed: added, described, invited, cut off, removed. */
export class Servers {
  readonly #access: Access;
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #topics: Topics;
  readonly #agents: AgentService;
  readonly #jobs: Needs['jobs'];
  readonly #terminals: Needs['terminals'];

  constructor({ access, db, audit, topics, agents, jobs, terminals }: Needs) {
    this.#access = access;
    this.#db = db;
    this.#audit = audit;
    this.#topics = topics;
    this.#agents = agents;
    this.#jobs = jobs;
    this.#terminals = terminals;
  }

  find(id: string): Promise<Server | null> {
    return this.#db.prisma.server.findUnique({ where: { id } });
  }

  /** @throws ServerKitError NOT_FOUND */
  async get(id: string): Promise<Server> {
    const server = await this.find(id);
    if (!server) throw notFound('server', id);
    return server;
  }

  /** The ids of those that are seen with these rights and fit, by name; all of them without a limit. */
  select(filter: ServerFilter, rights: Rights, limit?: number): Promise<string[]> {
    return findServerIds(this.#db.pool, { filter, rights, limit });
  }

  /** What someone is told of servers who may not see the same ones any more: for them, they come and go. */
  async changesOfSight(before: Rights, now: Rights): Promise<ServerChange[]> {
    const [saw, sees] = [before.serversWith('servers:read'), now.serversWith('servers:read')];
    if (saw === null && sees === null) return [];
    const everyone =
      saw === null || sees === null
        ? (await this.#db.prisma.server.findMany({ select: { id: true } })).map(({ id }) => id)
        : [];
    const [old, present] = [saw ?? new Set(everyone), sees ?? new Set(everyone)];
    return [
      ...[...old]
        .filter((id) => !present.has(id))
        .map((serverId) => ({ serverId, kind: 'DELETED' as const })),
      ...[...present]
        .filter((id) => !old.has(id))
        .map((serverId) => ({ serverId, kind: 'CREATED' as const })),
    ];
  }

  /** Adds a server and invites its agent. @throws ServerKitError CONFLICT when the name is taken */
  async create(fields: ServerFields, actor: Actor): Promise<CreatedServer> {
    const created = await this.#db.prisma.$transaction(async (tx) => {
      await refuseTakenName(tx, fields.name);
      const server = await tx.server.create({
        data: {
          id: newId('server'),
          name: fields.name,
          description: fields.description,
          tags: [...fields.tags],
          permissionProfile: fields.profile,
          scopes: scopesFor(fields.profile, fields.scopes),
          createdById: personOf(actor),
        },
      });
      const token = await this.#invite(tx, server.id, actor);
      await this.#audit.record(tx, {
        actor,
        action: 'server.create',
        target: { kind: 'server', id: server.id, name: server.name },
        parameters: { tags: server.tags, profile: server.permissionProfile, scopes: server.scopes },
      });
      return { server, token };
    });
    this.#tell(created.server.id, 'CREATED');
    return created;
  }

  /**
   * Changes what is given. New scopes take effect at once: the agent is asked to come back and sign for them.
   *
   * @throws ServerKitError NOT_FOUND, CONFLICT, INPUT_INVALID
   */
  async update(id: string, patch: ServerPatch, actor: Actor): Promise<Server> {
    const { before, after } = await this.#db.prisma.$transaction(async (tx) => {
      const server = await hold(tx, id);
      if (patch.name != null && patch.name !== server.name) await refuseTakenName(tx, patch.name);
      const data = patchData(server, patch);
      const changed = await tx.server.update({ where: { id }, data });
      await this.#audit.record(tx, {
        actor,
        action: 'server.update',
        target: { kind: 'server', id, name: changed.name },
        parameters: { ...data },
      });
      return { before: server, after: changed };
    });
    if (before.scopes.join() !== after.scopes.join()) {
      this.#agents.cut(id, 'refresh', 'The permissions of this server changed');
    }
    this.#tell(id, 'UPDATED');
    return after;
  }

  /** Adds and removes tags, whatever others do to them meanwhile. @throws ServerKitError NOT_FOUND, INPUT_INVALID */
  async tag(
    id: string,
    { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
    actor: Actor,
  ): Promise<void> {
    await this.#db.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT 1 FROM "Server" WHERE "id" = ${id} FOR UPDATE`;
      const server = await tx.server.findUnique({ where: { id } });
      if (!server) throw notFound('server', id);
      const kept = server.tags.filter((tag) => !remove.includes(tag));
      const tags = [...new Set([...kept, ...add])];
      if (tags.length > mostTags) throw inputInvalid('input.add', `A server has at most ${mostTags} tags.`);
      await tx.server.update({ where: { id }, data: { tags } });
      await this.#audit.record(tx, {
        actor,
        action: 'server.tag',
        target: { kind: 'server', id, name: server.name },
        parameters: { add, remove },
      });
    });
    this.#tell(id, 'UPDATED');
  }

  /**
   * Removes a server with everything known of it, and cuts its agent off.
   *
   * @throws ServerKitError NOT_FOUND, CONFLICT; PERMISSION_DENIED where recordings go with it that had to be made, and these
   * rights do not allow to delete one
   */
  async delete(id: string, by: { readonly actor: Actor; readonly rights: Rights }): Promise<void> {
    let holders: string[] = [];
    let grouped = false;
    await this.#db.prisma.$transaction(async (tx) => {
      const server = await hold(tx, id);
      if (server.isLocal) {
        throw new ServerKitError(
          'CONFLICT',
          'This server is the machine ServerKit runs on. To leave it out, restart with SERVERKIT_LOCAL_AGENT=off first.',
        );
      }
      holders = await this.#access.grants.holders(tx, { serverIds: [id] });
      grouped = server.groupId !== null;
      // They go with it, and what was asked for stays on record.
      await this.#jobs.records.abandon(tx, id);
      await this.#terminals.abandon(tx, id, by);
      await tx.server.delete({ where: { id } });
      await this.#audit.record(tx, {
        actor: by.actor,
        action: 'server.delete',
        target: { kind: 'server', id, name: server.name },
      });
    });
    this.#agents.cut(id, 'revoked', 'This server was deleted');
    await this.#terminals.serverDeleted(id);
    // Its grants went with it: for those who held them it is gone when their rights are.
    this.#access.grants.told(holders);
    if (grouped) await this.#access.placesChanged();
    this.#tell(id, 'DELETED');
  }

  /** A new invitation; the agent in place stays until another has registered. @throws ServerKitError NOT_FOUND */
  async regenerateToken(id: string, actor: Actor): Promise<CreatedServer> {
    const result = await this.#db.prisma.$transaction(async (tx) => {
      const server = await hold(tx, id);
      const token = await this.#invite(tx, id, actor);
      await this.#audit.record(tx, {
        actor,
        action: 'server.regenerateToken',
        target: { kind: 'server', id, name: server.name },
      });
      return { server, token };
    });
    this.#tell(id, 'UPDATED');
    return result;
  }

  /** Forgets the agent's key and cuts it off; the server stays and can be joined again. @throws ServerKitError NOT_FOUND */
  async revokeAgent(id: string, actor: Actor): Promise<Server> {
    const server = await this.#db.prisma.$transaction(async (tx) => {
      const found = await hold(tx, id);
      await tx.registrationToken.updateMany({
        where: { serverId: id, usedAt: null, revokedAt: null },
        data: { revokedAt: new Date() },
      });
      const revoked = await tx.server.update({
        where: { id },
        data: {
          agentId: null,
          agentKey: null,
          registeredAt: null,
          connection: 'pending',
          localScopes: [],
          lastError: null,
        },
      });
      await this.#audit.record(tx, {
        actor,
        action: 'agent.revoke',
        target: { kind: 'server', id, name: found.name },
      });
      return revoked;
    });
    this.#agents.cut(id, 'revoked', 'This agent was revoked');
    this.#tell(id, 'STATUS');
    return server;
  }

  /** @returns milliseconds from asking to the answer @throws ServerKitError AGENT_OFFLINE, AGENT_TIMEOUT */
  async ping(id: string, actor: Actor): Promise<number> {
    await this.get(id);
    return ping(this.#agents.links.require(id), 'id' in actor ? actor.id : actor.kind);
  }

  /** Ends the agent's process; its supervisor starts it again. @throws ServerKitError */
  async restartAgent(id: string, actor: Actor): Promise<Server> {
    const server = await this.get(id);
    await this.#agents.commands.run({
      serverId: id,
      action: 'agent.restart',
      target: { kind: 'server', id, name: server.name },
      scope: 'agent:restart',
      document: RestartAgentDocument,
      variables: {},
      actor,
    });
    return this.get(id);
  }

  /** Replaces the key of an agent that is online. @throws ServerKitError */
  async rotateAgentKey(id: string, actor: Actor): Promise<Server> {
    const { name, lastSeenAt } = await this.get(id);
    if (!this.#agents.links.get(id)) throw agentOffline(name, lastSeenAt);
    await this.#agents.rotations.rotate(id, actor);
    return this.get(id);
  }

  #invite(tx: Prisma.TransactionClient, serverId: string, actor: Actor): Promise<NewToken> {
    return this.#agents.registrations.create(tx, serverId, personOf(actor));
  }

  #tell(serverId: string, kind: ServerChange['kind']): void {
    this.#topics.publish(serverChanges, { serverId, kind });
  }
}

/**
 * The server, which is ours alone until the transaction ends: of several changes at once each sees what the one before
 * it made. @throws ServerKitError NOT_FOUND
 */
async function hold(tx: Prisma.TransactionClient, id: string): Promise<Server> {
  await tx.$queryRaw`SELECT 1 FROM "Server" WHERE "id" = ${id} FOR UPDATE`;
  const server = await tx.server.findUnique({ where: { id } });
  if (!server) throw notFound('server', id);
  return server;
}

async function refuseTakenName(tx: Prisma.TransactionClient, name: string): Promise<void> {
  // One at a time for this name, so that two who add it at once cannot both find it free.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('server name'), hashtext(lower(${name})))`;
  const taken = await tx.server.findFirst({ where: { name: { equals: name, mode: 'insensitive' } } });
  if (taken)
    throw new ServerKitError('CONFLICT', `A server named ${taken.name} exists already. Choose another name.`);
}

/** @throws ServerKitError INPUT_INVALID unless scopes and profile fit together */
function scopesFor(profile: PermissionProfile, scopes: readonly string[] | null | undefined): string[] {
  if (profile !== 'custom') {
    if (scopes != null)
      throw inputInvalid('input.scopes', 'Scopes can only be given with the profile CUSTOM.');
    return [...permissionProfiles[profile]];
  }
  if (!scopes || scopes.length === 0)
    throw inputInvalid('input.scopes', 'The profile CUSTOM needs at least one scope.');
  const unknown = scopes.find((scope) => !isScopePattern(scope));
  if (unknown !== undefined) throw inputInvalid('input.scopes', `There is no scope ${unknown.slice(0, 80)}.`);
  return [...new Set(scopes)];
}

function patchData(server: Server, patch: ServerPatch): Prisma.ServerUncheckedUpdateInput {
  const data: Prisma.ServerUncheckedUpdateInput = {};
  if (patch.name != null) data.name = patch.name;
  if (patch.description != null) data.description = patch.description;
  if (patch.tags != null) data.tags = [...patch.tags];
  if (patch.maintenance != null) data.maintenance = patch.maintenance;
  if (patch.profile != null || patch.scopes != null) {
    const profile = patch.profile ?? (server.permissionProfile === 'custom' ? 'custom' : null);
    if (!profile)
      throw inputInvalid('input.scopes', 'To choose scopes one by one, give the profile CUSTOM with them.');
    data.permissionProfile = profile;
    data.scopes = scopesFor(profile, patch.scopes);
  }
  return data;
}
