import { setTimeout as delay } from 'node:timers/promises';
import type { Audit } from '../audit/service.ts';
import type { Topics } from '../live/topics.ts';
import type { Platform } from '../platform.ts';
import { linkCloseCodes } from '@serverkit/wire/errors.ts';
import { serverChanges } from '../servers/events.ts';
import { createAcceptor, type Acceptor } from './accept.ts';
import { createCommands, type CommandPace, type Commands } from './commands.ts';
import { createContracts } from './documents.ts';
import type { Agents } from './link.ts';
import { createLiveness, type Liveness, type LivenessPace } from './liveness.ts';
import { createLinkRecords, type LinkRecords } from './records.ts';
import { createRegistrations, type Registrations } from './registration.ts';
import { createRecogniser } from './recognise.ts';
import { createRegistry } from './registry.ts';
import { createRotationRecords } from './rotation-records.ts';
import { createRotations, type RotationOptions, type RotationPace, type Rotations } from './rotations.ts';

/** Everything other domains need of agents: who is linked, how to change something there, how one joins. */
export interface AgentService {
  readonly links: Agents;
  readonly commands: Commands;
  readonly registrations: Registrations;
  readonly rotations: Rotations;
  /**
   * Ends a server's link at once, if there is one.
   *
   * @param why - `revoked`: the agent must not come back; `refresh`: it takes over new settings and comes back
   */
  cut(serverId: string, why: 'revoked' | 'refresh', reason: string): void;
  /** Lets every agent come back for new settings, a few at a time. */
  refreshAll(reason: string): void;
}

/** What only the agents room itself touches. */
export interface AgentMachinery extends AgentService {
  readonly acceptor: Acceptor;
  readonly liveness: Liveness;
  readonly records: LinkRecords;
  /** Shows servers as connecting for a while, then as offline. */
  expectBack(serverIds: readonly string[]): void;
  /** Ends what is done from time to time. */
  stop(): void;
}

/** How long this side waits for agents; tests have less time than networks. Milliseconds. */
export interface AgentPace extends LivenessPace, CommandPace, RotationPace {
  /** For the answer to the challenge. @default 15_000 */
  readonly ackTimeoutMs: number;
  /** For a sign of life of the agent in place, when another claims its place. @default 3_000 */
  readonly aliveWithinMs: number;
  /** How long a server that should come back is shown as connecting before it counts as offline. @default 25_000 */
  readonly comebackMs: number;
  /** Between two looks for commands whose end is not known. @default 60_000 */
  readonly reconcileEveryMs: number;
}

export interface AgentServiceOptions {
  readonly pace?: Partial<AgentPace>;
  /** The printed contract of a version, or null when it is not served. @default the files in wire/ */
  readonly contract?: (version: string) => string | null;
  readonly onRotationStep?: RotationOptions['onStep'];
}

/** Agents that are let go together come back within two seconds: as many as can shake hands in that time. */
const refreshAtOnce = 200;
const refreshPauseMs = 500;

export function createAgentService(
  { db, vault, keys, log }: Pick<Platform, 'db' | 'vault' | 'keys' | 'log'>,
  { audit, topics }: { readonly audit: Audit; readonly topics: Topics },
  { contract, pace = {}, onRotationStep }: AgentServiceOptions = {},
): AgentMachinery {
  const registry = createRegistry(log);
  const records = createLinkRecords(db, audit);
  const liveness = createLiveness(pace);
  const commands = createCommands({ db, audit, agents: registry, log, pace });
  const changed = (serverId: string): void => topics.publish(serverChanges, { serverId, kind: 'STATUS' });

  function expectBack(serverIds: readonly string[]): void {
    if (serverIds.length === 0) return;
    setTimeout(() => {
      records.giveUp(serverIds).then(
        (gone) => gone.forEach(changed),
        (error: unknown) =>
          log.error({ err: error }, 'servers that did not come back could not be marked offline'),
      );
    }, pace.comebackMs ?? 25_000).unref();
  }

  const acceptor = createAcceptor({
    registry,
    records,
    liveness,
    recogniser: createRecogniser(db, keys),
    contracts: createContracts(contract),
    audit,
    log,
    keys,
    changed,
    expectBack: (serverId) => expectBack([serverId]),
    ...(pace.ackTimeoutMs === undefined ? {} : { ackTimeoutMs: pace.ackTimeoutMs }),
    ...(pace.aliveWithinMs === undefined ? {} : { aliveWithinMs: pace.aliveWithinMs }),
  });

  const cut: AgentService['cut'] = (serverId, why, reason) =>
    acceptor.cut(serverId, linkCloseCodes[why], reason);

  const registrations = createRegistrations({
    db,
    vault,
    keys,
    audit,
    registered(serverId) {
      cut(serverId, 'revoked', 'Another agent registered for this server');
      expectBack([serverId]);
      changed(serverId);
    },
    alarmed: changed,
  });

  const rotations = createRotations({
    records: createRotationRecords(db, audit),
    agents: registry,
    keys,
    log,
    comeBack: (serverId) => cut(serverId, 'refresh', 'The key of this agent is replaced'),
    changed,
    pace,
    ...(onRotationStep ? { onStep: onRotationStep } : {}),
  });

  registry.onUp((link) => {
    rotations.settle(link).catch((error: unknown) => {
      if (!link.closed.aborted)
        log.warn({ err: error, serverId: link.serverId }, 'a key rotation was not ended');
    });
    commands.reconcile(link).catch((error: unknown) => {
      if (!link.closed.aborted)
        log.warn({ err: error, serverId: link.serverId }, 'open commands were not settled');
    });
  });

  const reconciling = setInterval(() => {
    commands
      .reconcileAll()
      .catch((error: unknown) => log.warn({ err: error }, 'open commands were not settled'));
  }, pace.reconcileEveryMs ?? 60_000);
  reconciling.unref();

  async function refreshSlowly(reason: string): Promise<void> {
    let gone = 0;
    // Those that came back meanwhile are there again.
    const linked = Array.from(registry.all(), ({ serverId }) => serverId);
    for (const serverId of linked) {
      if (gone > 0 && gone % refreshAtOnce === 0) await delay(refreshPauseMs, undefined, { ref: false });
      cut(serverId, 'refresh', reason);
      gone += 1;
    }
  }

  return {
    links: registry,
    commands,
    registrations,
    rotations,
    cut,
    refreshAll: (reason) => void refreshSlowly(reason),
    acceptor,
    liveness,
    records,
    expectBack,
    stop() {
      clearInterval(reconciling);
      liveness.stop();
    },
  };
}
