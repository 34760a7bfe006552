import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { parse } from 'graphql';
import * as z from 'zod';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { createBackoff } from '../../agent/src/link/backoff.ts';
import { endpointOf } from '../../agent/src/link/endpoint.ts';
import type { LinkIdentity } from '../../agent/src/link/link.ts';
import { register } from '../../agent/src/link/register.ts';
import type { AgentLink } from '../../api/src/agents/link.ts';
import type { RotationStep } from '../../api/src/agents/rotations.ts';
import { Access } from '../../api/src/access/service.ts';
import { createAgentService, type AgentMachinery, type AgentPace } from '../../api/src/agents/service.ts';
import { createAudit, type Audit } from '../../api/src/audit/service.ts';
import type { Database } from '../../api/src/database/database.ts';
import { openReleaseDatabase, testDataDirectory, quiet } from '../../api/src/database/testing.ts';
import { isServerKitError } from '../../api/src/errors.ts';
import { Topics } from '../../api/src/live/topics.ts';
import { openIdentityKeys, type ControlPlaneKeys } from '../../api/src/secrets/identity-keys.ts';
import { openVault } from '../../api/src/secrets/vault.ts';
import { Jobs } from '../../api/src/jobs/service.ts';
import { Servers } from '../../api/src/servers/service.ts';
import { within } from '../../testing/events.ts';
import { generateSigningKey, type SigningKey } from '@serverkit/wire/bytes.ts';
import { contractVersion } from '@serverkit/wire/handshake.ts';
import { startAgent, type AgentOptions, type TestAgent } from './test-agent.ts';
import { testContract, testSdl, type Traces } from './test-contract.ts';

/** A control plane's agents room on a real port and database, and agents that serve the test contract. */
export interface Rig extends AsyncDisposable {
  /** Of the process that runs now: another one after a restart. */
  readonly agents: AgentMachinery;
  readonly servers: Servers;
  readonly db: Database;
  readonly audit: Audit;
  readonly keys: ControlPlaneKeys;
  readonly dataDirectory: string;
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
  start(identity: LinkIdentity, options?: JoinOptions): Promise<TestAgent>;
  link(serverId: string): AgentLink;
  /** Ends this control plane without a word to anyone, and starts another on the same database and port. */
  crash(): Promise<void>;
  /** Drains this control plane, as SIGTERM does, and starts another on the same database and port. */
  restart(): Promise<void>;
}

export interface JoinOptions extends AgentOptions {
  readonly name?: string;
  /** Base URL to dial instead of the rig's own: a proxy. */
  readonly via?: string;
}

export interface Joined extends TestAgent {
  readonly serverId: string;
  readonly identity: LinkIdentity;
}

/** Where a request is said to come from, as a trusted proxy would tell. @default 127.0.0.1 */
export const addressHeader = 'x-test-address';

const system = { kind: 'system', label: 'test' } as const;

export interface RigOptions {
  readonly pace?: Partial<AgentPace>;
  /** Called between the steps of key rotations. */
  readonly rotationStep?: (step: RotationStep) => Promise<void>;
}

export async function openRig({
  pace = {},
  rotationStep = () => Promise.resolve(),
}: RigOptions = {}): Promise<Rig> {
  const opened = new AsyncDisposableStack();
  const data = opened.use(await testDataDirectory());
  const db = await openReleaseDatabase(data);
  opened.defer(() => db.close());
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((look) => look());
  const traces: Traces = { marks: [], waiting: new Set(), aborted: [], changed };
  const contract = testContract(traces);
  const vault = openVault(data.path);

  /** What one process of the control plane holds. */
  function startControlPlane() {
    const topics = new Topics();
    const audit = createAudit({ db, log: quiet, vault });
    const keys = openIdentityKeys(data.path);
    const agents = createAgentService(
      { db, vault, keys, log: quiet },
      { audit, topics },
      {
        contract: (version) => (version === contractVersion ? testSdl : null),
        pace,
        onRotationStep: (step) => rotationStep(step),
      },
    );
    agents.links.onUp((link) => {
      link.closed.addEventListener('abort', changed);
      changed();
    });
    const access = new Access({ db, audit, topics });
    const jobs = new Jobs({ db, log: quiet }, { audit, topics, agents });
    const terminals = { abandon: () => Promise.resolve(), serverDeleted: () => Promise.resolve() };
    const servers = new Servers({ access, db, audit, topics, agents, jobs, terminals });
    return { agents, audit, keys, servers };
  }
  let now = startControlPlane();

  const wires: Socket[] = [];
  const http = createServer((request, response) => {
    // The one HTTP request that agents make; the public schema around it has tests of its own.
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { variables } = registration.parse(JSON.parse(body));
      try {
        const registerAgent = await now.agents.registrations.redeem(variables.input, addressOf(request));
        response.end(JSON.stringify({ data: { registerAgent } }));
      } catch (error) {
        const code = isServerKitError(error) ? error.code : 'INTERNAL';
        const message = error instanceof Error ? error.message : String(error);
        response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
      }
    })();
  });
  http.on('upgrade', (request, socket: Socket, head) => {
    wires.push(socket);
    now.agents.acceptor.upgrade(request, socket, head, {
      channel: 'main',
      address: addressOf(request),
      secure: false,
      host: 'localhost',
      origin: undefined,
      originVerdict: 'absent',
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = portOf(http.address());
  const url = `http://127.0.0.1:${port}`;
  async function stopControlPlane(): Promise<void> {
    await now.agents.acceptor.drain();
    now.agents.stop();
    await now.audit.flush();
  }
  opened.defer(async () => {
    await stopControlPlane();
    http.closeAllConnections();
    http.close();
  });
  let running = 0;

  const start: Rig['start'] = async (identity, options = {}) =>
    opened.use(
      await startAgent(
        {
          url: options.via ?? url,
          identity,
          schema: contract,
          journalFile: data.temp.file(`journal-${identity.agentId}`),
          auditFile: data.temp.file(`agent-audit-${(running += 1)}`),
          changed,
        },
        // Tests have less time than networks.
        { backoff: createBackoff({ baseMs: 20, capMs: 200 }), ...options },
      ),
    );

  const invite: Rig['invite'] = async (name = `server-${Math.random().toString(36).slice(2)}`) => {
    const { server, token } = await now.servers.create(
      { name, description: '', tags: [], profile: 'full_access' },
      system,
    );
    return { serverId: server.id, token: token.token };
  };

  const rig: Rig = {
    get agents() {
      return now.agents;
    },
    get servers() {
      return now.servers;
    },
    get audit() {
      return now.audit;
    },
    get keys() {
      return now.keys;
    },
    db,
    dataDirectory: data.path,
    url,
    traces,
    wires,
    invite,
    start,
    link: (serverId) => now.agents.links.require(serverId),
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
      await rig.until('the agent is online', () => now.agents.links.get(serverId) !== undefined);
      return { ...agent, serverId, identity };
    },
    async crash() {
      const before = now;
      now = startControlPlane();
      now.agents.expectBack(await now.agents.records.sweep());
      before.agents.stop();
      for (const wire of wires.splice(0)) wire.destroy();
    },
    async restart() {
      await stopControlPlane();
      now = startControlPlane();
      now.agents.expectBack(await now.agents.records.sweep());
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  return rig;
}

const registration = z.object({
  variables: z.object({
    input: z.object({
      tokenId: z.string(),
      nonce: z.string(),
      publicKey: z.string(),
      facts: z.string(),
      signature: z.string(),
      mac: z.string(),
    }),
  }),
});

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

function addressOf({ headers }: IncomingMessage): string {
  const told = headers[addressHeader];
  return typeof told === 'string' ? told : '127.0.0.1';
}

function portOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}
