import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { approveSuccession, verifySuccession, type Succession } from '@serverkit/wire/agent-keys.ts';
import { toBase64Url } from '@serverkit/wire/bytes.ts';
import type { Actor } from '../audit/actor.ts';
import { isServerKitError, ServerKitError } from '../errors.ts';
import type { ControlPlaneKeys } from '../secrets/identity-keys.ts';
import { protocolError } from './agent-errors.ts';
import type { AgentLink, Agents, Call } from './link.ts';
import { AdoptKeyDocument, DropKeyDocument, RotateKeyDocument } from './operations.ts';
import { isExpired, type KeyRotation, type RotationRecords } from './rotation-records.ts';

export interface RotationPace {
  /** How long somebody who asked for a rotation waits for its end. Milliseconds. @default 20_000 */
  readonly rotationWaitMs: number;
}

export interface RotationOptions {
  readonly records: RotationRecords;
  readonly agents: Agents;
  readonly keys: ControlPlaneKeys;
  readonly log: Logger;
  /** Lets the agent go, for it to come back with its new key. */
  readonly comeBack: (serverId: string) => void;
  readonly changed: (serverId: string) => void;
  readonly pace?: Partial<RotationPace>;
  /** Called between the steps; a test can end the control plane there. */
  readonly onStep?: (step: RotationStep) => Promise<void>;
}

export type RotationStep = 'begun' | 'answered' | 'pending' | 'promoted' | 'adopted';

/**
 * Replaces the keys of agents. Each step is on the disk of the side that makes it before the other side hears of it, and
 * each can be made again:
 *
 * 1. the wish is on record; the agent makes the next key, and shows it signed by both keys;
 * 2. the next key is on record as pending, and the agent is let go;
 * 3. the agent links with it: in the transaction that takes the link, it becomes the only one (records.claim);
 * 4. on that link the agent hears so, with our approval, and gives the old key up.
 *
 * Whatever ends in between, the agent knows every key it may need, and tells at its next link what waits on its side.
 */
export interface Rotations {
  /**
   * Replaces the key of an agent that is online, and waits a while for the end. It goes on by itself otherwise.
   *
   * @throws ServerKitError NOT_FOUND, CONFLICT, AGENT_OFFLINE, UNSUPPORTED_BY_AGENT, or what the agent answered
   */
  rotate(serverId: string, actor: Actor): Promise<void>;
  /** Ends, or goes on with, what waits on the agent of a fresh link. */
  settle(link: AgentLink): Promise<void>;
  /** Goes on with what was left open, and gives up what took too long. */
  resume(): Promise<void>;
  /** How many are being worked at now. */
  readonly busy: number;
}

const call: Call = { actor: 'system', scopes: [] };

export function createRotations(options: RotationOptions): Rotations {
  const { records, agents, keys, log, pace = {}, onStep = () => Promise.resolve() } = options;
  /** One at a time for each server. */
  const working = new Map<string, Promise<void>>();
  /** Links on which whatever waited on the agent has been ended. */
  const settled = new WeakSet<AgentLink>();
  /** Who waits for the end of a server's rotation. */
  const waiting = new Map<string, () => void>();

  /** Joins the work that is under way for the server, or begins it. */
  function once(serverId: string, work: () => Promise<void>): Promise<void> {
    const under = working.get(serverId);
    if (under) return under;
    const begun = work().finally(() => working.delete(serverId));
    working.set(serverId, begun);
    return begun;
  }

  /** Steps 1 and 2. @throws ServerKitError; whether it can be tried again is told by the rotation's state */
  async function exchange(link: AgentLink, rotation: KeyRotation): Promise<void> {
    if (!Buffer.from(rotation.oldKey).equals(link.agentKey)) {
      return records.abandon(rotation, 'Another key has taken its place');
    }
    if (!(await records.attempt(rotation.id))) return;
    const { rotateKey: step } = await link
      .run(RotateKeyDocument, { rotationId: rotation.id }, call)
      .catch(async (error: unknown) => {
        if (isFinal(error)) await records.abandon(rotation, error.message);
        throw error;
      });
    await onStep('answered');
    const newKey = acceptable(link, rotation, step);
    if (!newKey) {
      const error = protocolError('a step to a new key that its keys do not vouch for');
      await records.abandon(rotation, error.message);
      throw error;
    }
    if (!(await records.accept(rotation, step, newKey))) return;
    await onStep('pending');
    options.changed(link.serverId);
    options.comeBack(link.serverId);
  }

  /** The new key, if both keys signed for this very step. */
  function acceptable(link: AgentLink, rotation: KeyRotation, step: Succession): Buffer | null {
    const { serverId, agentId, id } = rotation;
    if (step.rotationId !== id || step.oldKey !== toBase64Url(link.agentKey)) return null;
    return verifySuccession({ agentId, serverId }, step);
  }

  /** Step 4. */
  async function approve(link: AgentLink, rotation: KeyRotation): Promise<void> {
    const { id, agentId, serverId, oldKey, newKey, signedByOld, signedByNew } = rotation;
    if (!newKey || signedByOld === null || signedByNew === null) return;
    const step = {
      rotationId: id,
      oldKey: toBase64Url(oldKey),
      newKey: toBase64Url(newKey),
      signedByOld,
      signedByNew,
    };
    const { keyId, signature } = approveSuccession(keys.current, { agentId, serverId }, step);
    await onStep('promoted');
    await link.run(AdoptKeyDocument, { rotationId: id, approvedBy: keyId, approval: signature }, call);
    await onStep('adopted');
  }

  async function settleOnce(link: AgentLink): Promise<void> {
    waiting.get(link.serverId)?.();
    const { keyRotation } = link.hello;
    if (keyRotation === undefined || settled.has(link)) return;
    // Of the link before: it ends with that link.
    await working.get(link.serverId)?.catch(() => undefined);
    await once(link.serverId, () => settle(link, keyRotation));
    settled.add(link);
  }

  async function settle(link: AgentLink, rotationId: string): Promise<void> {
    const rotation = await records.find(rotationId);
    const own = rotation?.serverId === link.serverId ? rotation : null;
    if (own?.promotedAt && own.newKey && Buffer.from(own.newKey).equals(link.agentKey)) {
      return approve(link, own);
    }
    if (own?.openServerId && !isExpired(own)) return exchange(link, own);
    if (own?.openServerId) await records.abandon(own, tooLong);
    await link.run(DropKeyDocument, { rotationId }, call);
  }

  /**
   * Resolves when the rotation has ended, or the signal aborts.
   *
   * @param asked - the link that the agent was asked over
   */
  async function ended({ id, serverId }: KeyRotation, asked: AgentLink, signal: AbortSignal): Promise<void> {
    for (let last = asked; ;) {
      const rotation = await records.find(id);
      if (signal.aborted || !rotation?.openServerId) return;
      const link = agents.get(serverId);
      if (link && link !== last && !rotation.pendingAt && link.hello.keyRotation === undefined) {
        // It ended before it had the next key on its disk.
        last = link;
        await goOn(rotation);
      }
      const { promise: moved, resolve } = Promise.withResolvers<void>();
      waiting.set(serverId, resolve);
      // The agent may come back to another process, which tells us nothing.
      await Promise.race([moved, delay(1_000, undefined, { signal, ref: false }).catch(() => undefined)]);
    }
  }

  async function goOn(rotation: KeyRotation): Promise<void> {
    const { serverId } = rotation;
    if (isExpired(rotation)) return records.abandon(rotation, tooLong);
    const link = agents.get(serverId);
    if (!link || link.closed.aborted) return;
    try {
      await once(serverId, () => exchange(link, rotation));
    } catch (error) {
      log.warn({ err: error, serverId }, 'a key rotation could not go on');
    }
  }

  return {
    get busy() {
      return working.size;
    },
    async rotate(serverId, actor) {
      const link = agents.require(serverId);
      link.ensure(RotateKeyDocument);
      await settleOnce(link);
      const rotation = await records.begin(serverId, actor);
      await onStep('begun');
      options.changed(serverId);
      try {
        await once(serverId, () => exchange(link, rotation));
      } catch (error) {
        // A link that broke comes back, and the rotation goes on.
        if (!(error instanceof ServerKitError) || isFinal(error)) throw error;
        log.warn({ err: error, serverId }, 'a key rotation was interrupted');
      }
      await ended(rotation, link, AbortSignal.timeout(pace.rotationWaitMs ?? 20_000));
    },
    settle: settleOnce,
    async resume() {
      const left = (await records.open()).filter(({ serverId }) => !working.has(serverId));
      await Promise.all(left.map(goOn));
    },
  };
}

const tooLong = 'It took too long';

/** The agent itself said no; asking again would get the same answer. */
function isFinal(error: unknown): error is ServerKitError {
  return (
    isServerKitError(error) &&
    !['AGENT_OFFLINE', 'OUTCOME_UNKNOWN', 'AGENT_TIMEOUT', 'CANCELLED'].includes(error.code)
  );
}
