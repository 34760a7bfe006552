import type { GraphQLSchema } from 'graphql';
import { openAudit } from '../../agent/src/audit.ts';
import type { AgentServices } from '../../agent/src/context.ts';
import { openJournal } from '../../agent/src/journal.ts';
import type { Backoff } from '../../agent/src/link/backoff.ts';
import type { LinkPace } from '../../agent/src/link/dial.ts';
import { endpointOf } from '../../agent/src/link/endpoint.ts';
import type { Keyring } from '../../agent/src/identity/keyring.ts';
import { openLink, type Link, type LinkIdentity, type LinkState } from '../../agent/src/link/link.ts';
import { silentLog } from '../../agent/src/log.ts';
import { createPolicy } from '../../agent/src/policy.ts';
import { fixedKeys } from '../../testing/fixed-keys.ts';
import { contractVersion, type AgentHello } from '@serverkit/wire/handshake.ts';
import type { ScopePattern } from '@serverkit/wire/scopes.ts';

export interface AgentOptions {
  readonly localScopes?: readonly ScopePattern[] | 'managed';
  readonly machineId?: string;
  /** Milliseconds the agent's wall clock is ahead. */
  readonly clockAheadMs?: number;
  readonly contract?: string;
  readonly facts?: unknown;
  readonly pace?: Partial<LinkPace>;
  readonly backoff?: Backoff;
  /** Keys on a disk, which may change; those of the identity for good otherwise. */
  readonly keyring?: Keyring;
}

export interface TestAgent extends AsyncDisposable {
  readonly link: Link;
  readonly states: LinkState[];
  /** Lines of the agent's own audit. */
  readonly auditFile: string;
}

export interface AgentPlace {
  /** Base URL of the control plane, or of a proxy in front of it. */
  readonly url: string;
  readonly identity: LinkIdentity;
  readonly schema: GraphQLSchema;
  readonly journalFile: string;
  readonly auditFile: string;
  /** Called whenever the link's state changes. */
  readonly changed: () => void;
}

/** The agent's own link, journal, audit and policy, serving a contract that needs nothing of a host. */
export async function startAgent(place: AgentPlace, options: AgentOptions = {}): Promise<TestAgent> {
  const { identity, auditFile } = place;
  const states: LinkState[] = [];
  const journal = await openJournal(place.journalFile);
  const services = agentServices({
    audit: openAudit(auditFile, silentLog),
    policy: createPolicy({
      scopes: options.localScopes ?? ['*'],
      deniedPaths: [],
      disabledFeatures: new Set(),
    }),
    journal,
    ...(options.keyring ? { keyring: options.keyring } : {}),
  });
  const hello = (): AgentHello => ({
    v: 1,
    version: '0.0.0-test',
    contract: options.contract ?? contractVersion,
    facts: options.facts ?? {},
    capabilities: [],
    localScopes: services.policy.scopes(),
    scopeMode: services.policy.mode,
    machineId: options.machineId ?? 'machine-1',
    wallMs: Date.now() + (options.clockAheadMs ?? 0),
  });
  const link = openLink({
    endpoint: endpointOf({ server: place.url, insecure: false }),
    keys: options.keyring ?? fixedKeys(identity),
    schemas: { resident: place.schema },
    services,
    hello,
    onState(state) {
      states.push(state);
      place.changed();
    },
    ...(options.pace ? { pace: options.pace } : {}),
    ...(options.backoff ? { backoff: options.backoff } : {}),
  });
  return {
    link,
    states,
    auditFile,
    async [Symbol.asyncDispose]() {
      link.stop();
      await link.ended;
      await journal.close();
    },
  };
}

/** Only what the link itself stands on; the rooms behind it are not part of these tests. */
function agentServices(given: {
  audit: AgentServices['audit'];
  policy: AgentServices['policy'];
  journal: AgentServices['journal'];
  keyring?: AgentServices['keyring'];
}): AgentServices {
  const absent = (name: string): never => {
    throw new Error(`the test contract has no ${name}`);
  };
  return {
    get keyring() {
      return absent('keyring');
    },
    ...given,
    log: silentLog,
    get docker() {
      return absent('docker');
    },
    get dockerFiles() {
      return absent('dockerFiles');
    },
    get jobs() {
      return absent('jobs');
    },
    get stacks() {
      return absent('stacks');
    },
    get replacements() {
      return absent('replacements');
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
    get terminals() {
      return absent('terminals');
    },
    restart: () => absent('restart'),
  };
}
