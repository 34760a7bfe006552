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
import { facts, sampleAt } from './fleet-data.ts';

type Resolve = GraphQLFieldResolver<unknown, OperationContext>;

const itself = (value: unknown): unknown => value;

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

async function run({ url, tokens, sampleEveryMs, journal: file }: FleetOrder): Promise<void> {
  const schema = buildSchema(readFileSync(new URL('../wire/agent.graphql', import.meta.url), 'utf8'));
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      field.extensions = { scope: 'link' };
      field.resolve = resolvers[name] ?? itself;
      if (type === schema.getSubscriptionType()) field.subscribe = streams(sampleEveryMs)[name] ?? silence;
    }
  }
  // One journal for all: its fsyncs are as real as with one each, its open files are not the thing measured.
  const journal = await openJournal(file);
  const endpoint = endpointOf({ server: url, insecure: false });
  let online = 0;
  await forEachOf(tokens.length, async (n) => {
    const key = generateSigningKey();
    const answer = await register(endpoint, tokens[n] ?? '', key, JSON.stringify(facts));
    openLink({
      endpoint,
      keys: fixedKeys({ agentId: answer.agentId, serverId: answer.serverId, key, controlKeys: answer.keys }),
      schema,
      services: services(journal),
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

const container = {
  id: 'a'.repeat(64),
  name: 'bench',
  image: 'busybox:1',
  imageId: `sha256:${'b'.repeat(64)}`,
  command: 'sleep 1',
  state: 'RUNNING',
  status: 'Up 1 second',
  createdAt: 1_700_000_000_000,
  labels: [],
  ports: [],
  networks: ['bridge'],
};

/** A stream in which nothing ever happens. */
const silence: Resolve = (_root, _args, { signal }) => source(signal, ({ signal: ended }) => until(ended));

const until = (ended: AbortSignal): Promise<void> =>
  new Promise((resolve) => ended.addEventListener('abort', () => resolve()));

const resolvers: Readonly<Record<string, Resolve>> = {
  ping: () => Math.round(performance.now()),
  startContainer: () => container,
  stopContainer: () => container,
  containers: () => ({ items: [container], next: null }),
  operationOutcome: (_root, { id }: { id: string }, { services: { journal } }) => journal.outcome(id),
};

function streams(sampleEveryMs: number): Readonly<Record<string, Resolve>> {
  return {
    containerChanges: (_root, _args, { signal }) =>
      source(signal, async ({ push, signal: ended }) => {
        const change = {
          kind: 'SNAPSHOT',
          at: Date.now(),
          complete: true,
          removedIds: [],
          containers: [container],
          docker: { available: true, version: '20.10.24' },
        };
        await push(change);
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

function services(journal: AgentServices['journal']): AgentServices {
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
    get jobs() {
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
    restart: absent,
  };
}
