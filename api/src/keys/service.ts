import type { Server } from '@serverkit/prisma/generated/client/client.ts';
import { keyIdOf } from '@serverkit/wire/bytes.ts';
import type { KeySet } from '@serverkit/wire/control-keys.ts';
import type { Logger } from 'pino';
import * as z from 'zod';
import { isOlder } from '../agents/documents.ts';
import { parseFacts } from '../agents/hello.ts';
import { versionText } from '../agents/records.ts';
import type { AgentService } from '../agents/service.ts';
import type { Actor } from '../audit/actor.ts';
import type { Audit } from '../audit/service.ts';
import type { Database } from '../database/database.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { ControlPlaneKeys } from '../secrets/identity-keys.ts';
import { defaultEveryDays, dueAt, earliestDue } from './schedule.ts';
import { checkIdentity, rememberIdentity } from './identity-check.ts';

/** A key as it is shown. */
export interface KeyInfo {
  /** The first 12 bytes of the SHA-256 of the public key, base64url: what `serverkit-agent status` shows. */
  readonly fingerprint: string;
  readonly createdAt: Date;
}

export interface ControlKeysView {
  readonly current: KeyInfo;
  readonly next: KeyInfo;
  readonly recovery: KeyInfo;
  readonly recoveryIsHere: boolean;
  readonly changedAt: Date;
}

interface Needs {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: Audit;
  readonly keys: ControlPlaneKeys;
  readonly agents: AgentService;
}

const settingKey = 'agentKeys.everyDays';
const setting = z.number().int().min(0);

/** Rotations of the schedule that run at once. */
const atOnce = 3;
/** A server whose scheduled rotation failed is left alone for so long. Milliseconds. */
const pauseMs = 24 * 60 * 60 * 1000;
/** Contracts before this one know no key sets: such an agent keeps what it pinned when it registered. */
const firstToFollow = '1.1';

const scheduler: Actor = { kind: 'system', label: 'key schedule' };

/** The keys that agents prove themselves with, and those they know this control plane by. */
export class Keys {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #audit: Audit;
  readonly #keys: ControlPlaneKeys;
  readonly #agents: AgentService;

  constructor({ db, log, audit, keys, agents }: Needs) {
    this.#db = db;
    this.#log = log;
    this.#audit = audit;
    this.#keys = keys;
    this.#agents = agents;
  }

  /** @throws StartupError when these keys are not those that the agents of this database know */
  async prepare(): Promise<void> {
    await checkIdentity(this.#db, this.#audit, this.#keys.history);
  }

  /** @returns 0 when keys are replaced by hand only */
  async everyDays(): Promise<number> {
    const row = await this.#db.prisma.setting.findUnique({ where: { key: settingKey } });
    const parsed = setting.safeParse(row?.value);
    return parsed.success ? parsed.data : defaultEveryDays;
  }

  async setEveryDays(everyDays: number, actor: Actor): Promise<void> {
    await this.#db.prisma.$transaction(async (tx) => {
      await tx.setting.upsert({
        where: { key: settingKey },
        create: { key: settingKey, value: everyDays },
        update: { value: everyDays },
      });
      await this.#audit.record(tx, { actor, action: 'agentKeys.schedule', parameters: { everyDays } });
    });
  }

  /** Since when a rotation waits for its end; null when none does. */
  async pendingSince(serverId: string): Promise<Date | null> {
    const open = await this.#db.prisma.keyRotation.findUnique({ where: { openServerId: serverId } });
    return open && (open.pendingAt ?? open.askedAt);
  }

  /** What is to be done every minute: goes on with what was left open, and begins what is due. Never throws. */
  async tick(now = new Date()): Promise<void> {
    try {
      await this.#agents.rotations.resume();
      const everyDays = await this.everyDays();
      if (everyDays > 0) await this.#rotateDue(now, everyDays);
    } catch (error) {
      this.#log.error({ err: error }, 'keys of agents could not be looked after');
    }
  }

  async #rotateDue(now: Date, everyDays: number): Promise<void> {
    const room = atOnce - this.#agents.rotations.busy;
    if (room <= 0) return;
    const old = await this.#db.prisma.server.findMany({
      where: {
        connection: 'online',
        agentKeyAt: { lt: earliestDue(now, everyDays) },
        keyRotations: { none: { askedAt: { gt: new Date(now.getTime() - pauseMs) } } },
      },
      orderBy: { agentKeyAt: 'asc' },
      select: { id: true, agentKeyAt: true },
      take: 1_000,
    });
    const due = old.filter(({ id, agentKeyAt }) => agentKeyAt && dueAt(id, agentKeyAt, everyDays) <= now);
    // Held by this process, and able to.
    const here = due.filter(({ id }) => {
      const link = this.#agents.links.get(id);
      return link && !link.closed.aborted && !isOlder(link.hello.contract, firstToFollow);
    });
    await Promise.all(here.slice(0, room).map(({ id }) => this.#rotateOne(id)));
  }

  async #rotateOne(serverId: string): Promise<void> {
    try {
      await this.#agents.rotations.rotate(serverId, scheduler);
    } catch (error) {
      if (isServerKitError(error, 'AGENT_OFFLINE')) return;
      this.#log.warn({ err: error, serverId }, 'a scheduled key rotation failed');
    }
  }

  controlKeys(): ControlKeysView {
    const { current, next, recovery, set, history } = this.#keys;
    const firstSeen = (id: string): Date => {
      const first = history.find((known) =>
        [known.current, known.next, known.recovery].some((key) => idOf(key) === id),
      );
      return new Date((first ?? set).serial);
    };
    const info = ({ id }: { readonly id: string }): KeyInfo => ({
      fingerprint: id,
      createdAt: firstSeen(id),
    });
    return {
      current: info(current),
      next: info(next),
      recovery: info(recovery),
      recoveryIsHere: this.#keys.recoveryIsHere(),
      changedAt: new Date(set.serial),
    };
  }

  /** How many agents have not yet taken over the newest keys. */
  agentsBehind(): Promise<number> {
    return this.#db.prisma.server.count({
      where: {
        agentId: { not: null },
        OR: [{ keySet: null }, { keySet: { not: versionText(this.#keys.set) } }],
      },
    });
  }

  /**
   * Puts the next key in the current one's place and makes another next one. Agents come back and take it over; those
   * that are away follow when they return.
   *
   * @param leaveBehind - go on although agents that are too old to follow must be registered anew then
   * @throws ServerKitError CONFLICT when there are such agents
   */
  async rotateControlKey(leaveBehind: boolean, actor: Actor): Promise<void> {
    const { prisma } = this.#db;
    const stuck = await this.#leftBehind();
    if (stuck.length > 0 && !leaveBehind) throw wouldLeaveBehind(stuck);
    const from = this.#keys.current.id;
    await prisma.$transaction(async (tx) => {
      await this.#audit.record(tx, {
        actor,
        action: 'controlKey.rotate',
        parameters: { from, to: this.#keys.next.id, leftBehind: stuck.map(({ name }) => name) },
      });
      // Last, and in one step: what is on the record has happened, or the other way round but for this one commit.
      this.#keys.rotate();
      await rememberIdentity(tx, this.#keys.set);
    });
    this.#log.info({ from, to: this.#keys.current.id }, 'the control plane changed its key');
    this.#agents.refreshAll('The control plane has new keys');
  }

  async #leftBehind(): Promise<Pick<Server, 'name'>[]> {
    const servers = await this.#db.prisma.server.findMany({
      where: { agentId: { not: null } },
      select: { name: true, facts: true, keySet: true },
      orderBy: { name: 'asc' },
    });
    const coming = this.#keys.set.next;
    return servers.filter(({ facts, keySet }) => {
      if (!isOlder(parseFacts(facts)?.contract ?? firstToFollow, firstToFollow)) return false;
      const { history } = this.#keys;
      const pinned: KeySet | undefined =
        history.find((known) => versionText(known) === keySet) ?? history.at(0);
      return pinned?.current !== coming && pinned?.next !== coming;
    });
  }
}

function wouldLeaveBehind(servers: readonly Pick<Server, 'name'>[]): ServerKitError {
  const names = servers.slice(0, 5).map(({ name }) => name);
  const rest = servers.length - names.length;
  return new ServerKitError(
    'CONFLICT',
    `The agents of ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''} are too old to follow a second change of keys and would have to be registered anew. Update them first, or go on with leaveBehind.`,
    { details: { servers: servers.map(({ name }) => name) } },
  );
}

function idOf(publicKey: string): string {
  return keyIdOf(Buffer.from(publicKey, 'base64url'));
}
