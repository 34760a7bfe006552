/** The process of a simulated fleet: the agent's real link and executor, with resolvers that answer at once. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildSchema, type GraphQLFieldResolver } from 'graphql';
import { generateSigningKey } from '@serverkit/wire/bytes.ts';
import { contractVersion } from '@serverkit/wire/handshake.ts';
import type { AgentServices, OperationContext } from '../agent/src/context.ts';
import { openJournal } from '../agent/src/journal.ts';
import { endpointOf } from '../agent/src/link/endpoint.ts';
import { openLink } from '../agent/src/link/link.ts';
import { register } from '../agent/src/link/register.ts';
import { silentLog } from '../agent/src/log.ts';
import { createPolicy } from '../agent/src/policy.ts';
import { source } from '../agent/src/source.ts';
import { fixedKeys } from '../testing/fixed-keys.ts';
import { countSamples, forEachOf, type FleetOrder } from './fleet.ts';
import { containersOf, facts, sampleAt } from './fleet-data.ts';

type Resolve = GraphQLFieldResolver<unknown, OperationContext>;

const itself = (value: unknown): unknown => value;

/** Tells the simulated hosts apart. */
const names = new WeakMap<AgentServices, string>();
const nameOf = (services: AgentServices): string => names.get(services) ?? '';

let samplesSent = 0;

// A bench that fails takes its fleet with it.
process.once('disconnect', () => process.exit());
process.once('message', (order: FleetOrder) => {
  process.on('message', (question) => {
    if (question === countSamples) process.send?.(samplesSent);
  });
  run(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});

async function run(order: FleetOrder): Promise<void> {
  const { url, tokens, journal: file } = order;
  const resolvers = resolversOf(order);
  const streams = streamsOf(order);
  const schema = buildSchema(readFileSync(new URL('../wire/agent.graphql', import.meta.url), 'utf8'));
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      field.extensions = { scope: 'link' };
      field.resolve = resolvers[name] ?? itself;
      if (type === schema.getSubscriptionType()) field.subscribe = streams[name] ?? silence;
    }
  }
  // One journal for all: its fsyncs are as real as with one each, its open files are not the thing measured.
  const journal = await openJournal(file);
  const endpoint = endpointOf({ server: url, insecure: false });
  let online = 0;
  await forEachOf(tokens.length, async (n) => {
    const key = generateSigningKey();
    const answer = await register(endpoint, tokens[n] ?? '', key, JSON.stringify(facts));
    const own = servicesOf(journal);
    names.set(own, `host-${n}`);
    openLink({
      endpoint,
      keys: fixedKeys({ agentId: answer.agentId, serverId: answer.serverId, key, controlKeys: answer.keys }),
      schemas: { resident: schema },
      services: own,
      hello: () => ({
        v: 1,
        version: '0.0.0-bench',
        contract: contractVersion,
        facts,
        capabilities: [],
        localScopes: ['*'],
        scopeMode: 'managed',
        machineId: answer.agentId,
        wallMs: Date.now(),
      }),
      onState({ state, reason }) {
        if (state === 'online') online += 1;
        if (state === 'online' && online === tokens.length) process.send?.('online');
        if (state === 'waiting') console.error(`a simulated agent lost its link: ${reason}`);
      },
    });
  });
}

/** A stream in which nothing ever happens. */
const silence: Resolve = (_root, _args, { signal }) => source(signal, ({ signal: ended }) => until(ended));

const until = (ended: AbortSignal): Promise<void> =>
  new Promise((resolve) => ended.addEventListener('abort', () => resolve()));

function resolversOf({ containers: count }: FleetOrder): Readonly<Record<string, Resolve>> {
  const [one] = containersOf('bench', 1);
  return {
    ping: () => Math.round(performance.now()),
    startContainer: () => one,
    stopContainer: () => one,
    containers: (_root, { first, after }: { first: number; after?: string | null }, { services }) => {
      const from = Number(after ?? 0);
      const next = from + first < count ? String(from + first) : null;
      return { items: containersOf(nameOf(services), count).slice(from, from + first), next };
    },
    operationOutcome: (_root, { id }: { id: string }, { services: { journal } }) => journal.outcome(id),
  };
}

function streamsOf(order: FleetOrder): Readonly<Record<string, Resolve>> {
  const { sampleEveryMs, containers: count, changeEveryMs } = order;
  return {
    containerChanges: (_root, _args, { signal, services }) =>
      source(signal, async ({ push, signal: ended }) => {
        const containers = containersOf(nameOf(services), count);
        const docker = { available: true, version: '20.10.24' };
        const told = { at: Date.now(), complete: true, removedIds: [], docker };
        for (let from = 0; from < count; from += 100) {
          const page = containers.slice(from, from + 100);
          await push({ ...told, kind: 'SNAPSHOT', complete: from + 100 >= count, containers: page });
        }
        for (let n = 0; changeEveryMs > 0 && !ended.aborted; n += 1) {
          await new Promise((resolve) => setTimeout(resolve, changeEveryMs));
          const changed = containers[n % count];
          const state = n % (2 * count) < count ? 'EXITED' : 'RUNNING';
          if (!ended.aborted) await push({ ...told, kind: 'DELTA', containers: [{ ...changed, state }] });
        }
        await until(ended);
      }),
    samples: (_root, { after }: { after?: { seq: number } | null }, { signal }) =>
      source(signal, async ({ push, signal: ended }) => {
        const epoch = randomBytes(8).toString('hex');
        // Spread over the interval, as agents that started at different times are.
        let wait = Math.random() * sampleEveryMs;
        for (let seq = (after?.seq ?? -1) + 1; sampleEveryMs > 0 && !ended.aborted; seq += 1) {
          await new Promise((resolve) => setTimeout(resolve, wait));
          wait = sampleEveryMs;
          if (ended.aborted) break;
          samplesSent += 1;
          await push({
            epoch,
            monotonicMs: Math.round(performance.now()),
            samples: [sampleAt(epoch, seq)],
          });
        }
      }),
  };
}

function servicesOf(journal: AgentServices['journal']): AgentServices {
  const absent = (): never => {
    throw new Error('a simulated agent has no such part');
  };
  return {
    journal,
    audit: { record: () => undefined },
    policy: createPolicy({ scopes: 'managed', deniedPaths: [], disabledFeatures: new Set() }),
    log: silentLog,
    get keyring() {
      return absent();
    },
    get docker() {
      return absent();
    },
    get dockerFiles() {
      return absent();
    },
    get jobs() {
      return absent();
    },
    get stacks() {
      return absent();
    },
    get replacements() {
      return absent();
    },
    get sampling() {
      return absent();
    },
    get ring() {
      return absent();
    },
    get facts() {
      return absent();
    },
    get terminals() {
      return absent();
    },
    restart: absent,
  };
}
