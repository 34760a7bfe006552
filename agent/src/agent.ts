import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { contractVersion, type AgentHello } from '@serverkit/wire/handshake.ts';
import { openAudit } from './audit.ts';
import type { Config } from './config/config.ts';
import { openReplacements } from './containers/replacements.ts';
import type { AgentServices } from './context.ts';
import { openControlSocket, type ControlRequest } from './control-socket.ts';
import { createDocker, createNoDocker } from './docker/docker.ts';
import { createDockerFiles } from './docker-files/docker-files.ts';
import { AgentError, describe } from './errors.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Keyring } from './identity/keyring.ts';
import { openJobs } from './jobs/jobs.ts';
import { openJournal } from './journal.ts';
import type { Endpoint } from './link/endpoint.ts';
import { openLink, type Link, type LinkState } from './link/link.ts';
import { openSuccession } from './link/succession.ts';
import type { Log } from './log.ts';
import { createPolicy, features, type Policy } from './policy.ts';
import { settle } from './settle.ts';
import { schemas } from './resident-schema.ts';
import { createStacks } from './stacks/stacks.ts';
import type { AgentStatus } from './status.ts';
import { createFacts, type Supervisor } from './system/facts.ts';
import { createMeter } from './system/platform-meter.ts';
import { MountMeter } from './system/mounts.ts';
import { openRing } from './system/ring.ts';
import { startSampling } from './system/sampling.ts';
import { openLeftovers } from './terminals/leftovers.ts';
import { createTerminals } from './terminals/terminals.ts';
import { agentVersion } from './version.ts';

/** The answer to `restartAgent` goes out before the process ends. Ms. */
const LAST_WORDS = 300;
/** Terminals live so long without a viewer, and whoever looks is warned so long before one without input ends. Ms. */
const terminalTimes = { unseenMs: 60_000, warnMs: 60_000 };
/** The control plane may take so long to say goodbye. Ms. */
const GOODBYE = 3000;

export interface AgentOptions {
  readonly config: Config;
  readonly keyring: Keyring;
  readonly endpoint: Endpoint;
  readonly supervisor: Supervisor;
  readonly log: Log;
  /** Reads the configuration again, for `config allow`. @throws Error when it cannot be used */
  readonly reload: () => Config;
}

/** An agent at work. */
export interface Agent {
  /** How the process should end, once it is asked to. */
  readonly ended: Promise<ExitCode>;
  stop(code?: ExitCode): void;
  /** Takes over scopes and denied paths of a changed configuration, and tells the control plane. */
  takeOver(config: Config): void;
}

/** Opens everything an agent works with, and begins to dial. @throws Error when the state folder cannot be used */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, keyring, endpoint, supervisor, log } = options;
  const { agentId, serverId, name } = keyring.identity;
  const { stateDir } = config.agent;
  const startedAt = Date.now();

  const journal = await openJournal(path.join(stateDir, 'journal.jsonl'));
  const jobs = openJobs({ folder: path.join(stateDir, 'jobs'), log });
  const ring = openRing({ folder: path.join(stateDir, 'samples'), log });
  const docker = config.disabledFeatures.has('docker')
    ? createNoDocker()
    : createDocker({ socket: config.docker.socket, timeoutMs: config.docker.timeoutMs, log });
  const dockerFiles = createDockerFiles({
    docker,
    owner: agentId,
    own: { keyFile: config.auth.keyFile, stateDir, stacks: config.stacks.folder },
    uploads: { folder: path.join(stateDir, 'uploads'), maxBytes: config.docker.maxUploadBytes },
    log,
  });
  const leftovers = openLeftovers({
    file: path.join(stateDir, 'terminals.json'),
    engine: docker.engine,
    log,
  });
  const terminals = createTerminals({
    docker,
    leftovers,
    times: { ...terminalTimes, idleMs: config.terminals.idleTimeoutMs },
    // Beside the file that runs.
    host: { ...config.shell, program: path.join(path.dirname(process.argv[1] ?? ''), 'serverkit-shell.cjs') },
  });
  const sampling = startSampling({
    ring,
    log,
    intervalMs: config.metrics.intervalMs,
    enabled: !config.disabledFeatures.has('metrics'),
    createMeter: () => createMeter({ perCore: config.metrics.includePerCpu, docker: () => docker.counts() }),
    ...(config.metrics.includeDockerStats ? { onStored: () => docker.measure() } : {}),
  });
  const firstMounts = await new MountMeter().read();
  const facts = createFacts({
    stateDir,
    supervisor,
    docker: () => docker.facts(),
    diskBytes: () =>
      (sampling.latest()?.mounts ?? firstMounts).reduce((sum, mount) => sum + mount.totalBytes, 0),
  });

  let policy = policyOf(config);
  let linkState: LinkState & { readonly since: number } = { state: 'connecting', since: startedAt };
  let stopping = false;
  const { promise: ended, resolve: end } = Promise.withResolvers<ExitCode>();

  const stacks = createStacks({
    docker,
    socket: config.docker.socket,
    stateDir,
    ...config.stacks,
    policy: () => policy,
    log,
    jobs,
  });

  const services: AgentServices = {
    docker,
    dockerFiles,
    stacks,
    replacements: openReplacements({
      folder: path.join(stateDir, 'container-unfinished'),
      docker,
      log,
      jobs,
    }),
    sampling,
    ring,
    facts,
    journal,
    jobs,
    audit: openAudit(path.join(stateDir, 'audit.jsonl'), log),
    get policy() {
      return policy;
    },
    keyring,
    log,
    terminals,
    restart() {
      if (supervisor === 'none') {
        throw new AgentError(
          'CONFLICT',
          'Nothing on this server would start the agent again, so it goes on.',
        );
      }
      log.info('restarting, as the control plane asked');
      setTimeout(() => stop(exitCodes.restart), LAST_WORDS);
    },
  };

  function hello(): AgentHello {
    const current = facts.current();
    return {
      v: 1,
      version: agentVersion,
      contract: contractVersion,
      facts: current,
      capabilities: features.filter((feature) => !policy.disabledFeatures.has(feature)),
      localScopes: policy.scopes(),
      scopeMode: policy.mode,
      machineId: current.machineId,
      wallMs: Date.now(),
    };
  }

  const links = openSuccession({ open, patienceMs: GOODBYE, over: () => stopping });

  function open(): Link {
    const opened = openLink({
      endpoint,
      keys: keyring,
      schemas,
      services,
      hello,
      onState(state) {
        if (state.state === 'online') log.info('online', { server: endpoint.url });
        linkState = { ...state, since: Date.now() };
      },
    });
    opened.ended.then(
      (how) => {
        if (how === 'revoked') stop(exitCodes.revoked);
      },
      (error: unknown) => {
        log.error('the link failed', { reason: describe(error) });
        stop(exitCodes.failure);
      },
    );
    return opened;
  }

  /** What may be done is told in the handshake, so a new ceiling takes a new link. */
  function takeOver(changed: Config): void {
    policy = policyOf(changed);
    log.info('the configuration was read again', { scopes: policy.scopes().join(' ') });
    links.renew();
  }

  const answers: Record<ControlRequest, () => unknown> = {
    status,
    ring: () => ring.after(null, Number.POSITIVE_INFINITY),
    reload() {
      takeOver(options.reload());
      return policy.scopes();
    },
  };

  function status(): AgentStatus {
    return {
      version: agentVersion,
      contract: contractVersion,
      pid: process.pid,
      startedAt,
      config: config.file,
      stateDir,
      agentId,
      serverId,
      name,
      keys: {
        own: keyring.identity.keyId,
        rotating: keyring.rotationId !== undefined,
        control: keyring.identity.controlKeys.find(({ use }) => use === 'current')?.id ?? '',
      },
      server: endpoint.url,
      link: linkState,
      policy: { mode: policy.mode, scopes: policy.scopes(), deniedPaths: policy.deniedPaths },
      disabledFeatures: [...policy.disabledFeatures],
      docker: docker.facts(),
      samples: { epoch: ring.epoch, kept: ring.size },
      supervisor,
      memoryBytes: process.memoryUsage.rss(),
      uptimeSeconds: Math.round(performance.now() / 1000),
    };
  }

  const control = await openControlSocket(stateDir, (request) => answers[request]()).catch(
    (error: unknown) => {
      log.warn('`serverkit-agent status` will not work', { reason: describe(error) });
      return undefined;
    },
  );
  const stopSettling = settle(log);

  function stop(code: ExitCode = exitCodes.ok): void {
    if (stopping) return;
    stopping = true;
    stopSettling();
    control?.close();
    sampling.stop();
    const farewell = terminals.stop().then(() => links.current().stop());
    void Promise.race([Promise.all([farewell, links.current().ended]), sleep(GOODBYE)])
      .then(() => {
        links.current().stop();
        leftovers.close();
      })
      .then(() => jobs.close())
      .then(() => dockerFiles.close())
      .then(() => docker.close())
      .then(() => journal.close())
      .catch((error: unknown) => log.error('stopping', { reason: describe(error) }))
      .finally(() => {
        ring.close();
        end(code);
      });
  }

  return { ended, stop, takeOver };
}

function policyOf({ security, disabledFeatures }: Config): Policy {
  // Without a ceiling nothing is allowed: registration writes one.
  return createPolicy({ ...security, scopes: security.scopes ?? [], disabledFeatures });
}
