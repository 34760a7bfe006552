import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { parse } from 'graphql';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { openAudit } from '../../agent/src/audit.ts';
import type { AgentServices } from '../../agent/src/context.ts';
import { openJournal } from '../../agent/src/journal.ts';
import { endpointOf } from '../../agent/src/link/endpoint.ts';
import { openLink, type Link, type LinkIdentity, type LinkState } from '../../agent/src/link/link.ts';
import { register } from '../../agent/src/link/register.ts';
import { silentLog } from '../../agent/src/log.ts';
import { createPolicy } from '../../agent/src/policy.ts';
import type { AgentLink } from '../../api/src/agents/link.ts';
import { createAgentService, type AgentMachinery } from '../../api/src/agents/service.ts';
import { createAudit } from '../../api/src/audit/service.ts';
import type { Database } from '../../api/src/database/database.ts';
import { openTestDatabase, testDataDirectory, quiet } from '../../api/src/database/testing.ts';
import { isServerKitError } from '../../api/src/errors.ts';
import { Topics } from '../../api/src/live/topics.ts';
import { openIdentityKeys } from '../../api/src/secrets/identity-keys.ts';
import { openVault } from '../../api/src/secrets/vault.ts';
import { Servers } from '../../api/src/servers/service.ts';
import { within } from '../../testing/events.ts';
import { generateSigningKey, type SigningKey } from '@serverkit/wire/bytes.ts';
import { contractVersion, type AgentHello } from '@serverkit/wire/handshake.ts';
import type { ScopePattern } from '@serverkit/wire/scopes.ts';
import { testContract, testSdl, type Traces } from './test-contract.ts';

/** A control plane's agents room on a real port and database, and agents that serve the test contract. */
export interface Rig extends AsyncDisposable {
  readonly agents: AgentMachinery;
  readonly servers: Servers;
  readonly db: Database;
  readonly url: string;
  readonly traces: Traces;
  /** Raw TCP sockets of accepted upgrades, the newest last, for tests that cut wires. */
  readonly wires: Socket[];
  /** Resolves when `holds` is true; looked at whenever a trace or a link changes. */
  until(what: string, holds: () => boolean): Promise<void>;
  invite(name?: string): Promise<{ serverId: string; token: string }>;
  /** Registers and links an agent. */
  join(options?: JoinOptions): Promise<Joined>;
  /** Starts an agent with an identity of any origin. */
  start(identity: LinkIdentity, options?: JoinOptions): Promise<RigAgent>;
  link(serverId: string): AgentLink;
}

export interface JoinOptions {
  readonly name?: string;
  readonly localScopes?: readonly ScopePattern[] | 'managed';
  readonly machineId?: string;
  /** Milliseconds the agent's wall clock is ahead. */
  readonly clockAheadMs?: number;
  /** Base URL to dial instead of the rig's own: a proxy. */
  readonly via?: string;
}

export interface RigAgent {
  readonly link: Link;
  readonly states: LinkState[];
  /** Lines of the agent's own audit. */
  readonly auditFile: string;
}

export interface Joined extends RigAgent {
  readonly serverId: string;
  readonly identity: LinkIdentity;
}

const system = { kind: 'system', label: 'test' } as const;

export async function openRig(): Promise<Rig> {
  const opened = new AsyncDisposableStack();
  const data = opened.use(await testDataDirectory());
  const db = await openTestDatabase(data, {
    migrations: new URL('../../prisma/migrations', import.meta.url).pathname,
  });
  opened.defer(() => db.close());
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((look) => look());
  const traces: Traces = { marks: [], waiting: new Set(), aborted: [], changed };
  const contract = testContract(traces);
  const topics = new Topics();
  const audit = createAudit(db, quiet);
  const agents = createAgentService(
    { db, vault: openVault(data.path), keys: openIdentityKeys(data.path), log: quiet },
    { audit, topics },
    { contract: (version) => (version === contractVersion ? testSdl : null) },
  );
  const servers = new Servers({ db, audit, topics, agents });
  agents.links.onUp((link) => {
    link.closed.addEventListener('abort', changed);
    changed();
  });

  const wires: Socket[] = [];
  const http = createServer((request, response) => {
    // The one HTTP request that agents make; the public schema around it has tests of its own.
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { variables } = JSON.parse(body);
      try {
        const registerAgent = await agents.registrations.redeem(variables.input, '127.0.0.1');
        response.end(JSON.stringify({ data: { registerAgent } }));
      } catch (error) {
        const code = isServerKitError(error) ? error.code : 'INTERNAL';
        response.end(JSON.stringify({ errors: [{ message: String(error), extensions: { code } }] }));
      }
    })();
  });
  http.on('upgrade', (request, socket: Socket, head) => {
    wires.push(socket);
    agents.acceptor.upgrade(request, socket, head, {
      channel: 'main',
      address: '127.0.0.1',
      secure: false,
      host: 'localhost',
      origin: undefined,
      originVerdict: 'absent',
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port }: Pick<AddressInfo, 'port'> = addressOf(http.address());
  const url = `http://127.0.0.1:${port}`;
  opened.defer(async () => {
    await agents.acceptor.drain();
    agents.liveness.stop();
    http.closeAllConnections();
    http.close();
    await audit.flush();
  });
  let running = 0;

  const start: Rig['start'] = async (identity, options = {}) => {
    const states: LinkState[] = [];
    const auditFile = data.temp.file(`agent-audit-${(running += 1)}`);
    const journal = await openJournal(data.temp.file(`journal-${identity.agentId}`));
    const services = agentServices({
      audit: openAudit(auditFile, silentLog),
      policy: createPolicy({
        scopes: options.localScopes ?? ['*'],
        deniedPaths: [],
        disabledFeatures: new Set(),
      }),
      journal,
    });
    const hello = (): AgentHello => ({
      v: 1,
      version: '0.0.0-test',
      contract: contractVersion,
      facts: {},
      capabilities: [],
      localScopes: services.policy.scopes(),
      scopeMode: 'local',
      machineId: options.machineId ?? 'machine-1',
      wallMs: Date.now() + (options.clockAheadMs ?? 0),
    });
    const link = openLink({
      endpoint: endpointOf({ server: options.via ?? url, insecure: false }),
      identity,
      schema: contract,
      services,
      hello,
      onState(state) {
        states.push(state);
        changed();
      },
    });
    opened.defer(async () => {
      link.stop();
      await link.ended;
      await journal.close();
    });
    return { link, states, auditFile };
  };

  const invite: Rig['invite'] = async (name = `server-${Math.random().toString(36).slice(2)}`) => {
    const { server, token } = await servers.create(
      { name, description: '', tags: [], profile: 'full_access' },
      system,
    );
    return { serverId: server.id, token: token.token };
  };

  const rig: Rig = {
    agents,
    servers,
    db,
    url,
    traces,
    wires,
    invite,
    start,
    link: (serverId) => agents.links.require(serverId),
    until: (what, holds) =>
      within(
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (!holds()) return;
            listeners.delete(look);
            resolve();
          };
          listeners.add(look);
          look();
        }),
        what,
      ),
    async join(options = {}) {
      const { serverId, token } = await invite(options.name);
      const identity = await enrol(url, token);
      const agent = await start(identity, options);
      await rig.until('the agent is online', () => agents.links.get(serverId) !== undefined);
      return { ...agent, serverId, identity };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  return rig;
}

/** Registers as `serverkit-agent register` does. */
export async function enrol(
  url: string,
  token: string,
  key: SigningKey = generateSigningKey(),
): Promise<LinkIdentity> {
  const answer = await register(endpointOf({ server: url, insecure: false }), token, key, '{}');
  return { agentId: answer.agentId, serverId: answer.serverId, key, controlKeys: answer.keys };
}

/** A document against the test contract; what it answers is for the test to know. */
export function gql<Result, Variables = Record<string, never>>(
  text: string,
): TypedDocumentNode<Result, Variables> {
  return parse(text);
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}

/** Only what the link itself stands on; the rooms behind it are not part of these tests. */
function agentServices(given: {
  audit: AgentServices['audit'];
  policy: AgentServices['policy'];
  journal: AgentServices['journal'];
}): AgentServices {
  const absent = (name: string): never => {
    throw new Error(`the test contract has no ${name}`);
  };
  return {
    ...given,
    log: silentLog,
    get docker() {
      return absent('docker');
    },
    get sampling() {
      return absent('sampling');
    },
    get ring() {
      return absent('ring');
    },
    get facts() {
      return absent('facts');
    },
    restart: () => absent('restart'),
  };
}
