import { open } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { generateSigningKey, toBase64Url } from '@serverkit/wire/bytes.ts';
import { sealEnvelope } from '@serverkit/wire/envelope.ts';
import { sessionIdOf, type LinkFacts } from '@serverkit/wire/handshake.ts';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import type { AgentServices } from '../context.ts';
import { openJournal, type Journal } from '../journal.ts';
import { silentLog } from '../log.ts';
import { createPolicy } from '../policy.ts';
import type { Schemas } from './documents.ts';
import { createExecutor, type Executor } from './execute.ts';
import { createSession } from './session.ts';

const control = generateSigningKey();
const facts: LinkFacts = {
  agentKey: generateSigningKey().publicRaw,
  controlKey: control.publicRaw,
  agentId: 'agt_1',
  serverId: 'srv_1',
  contract: '1.0',
  agentNonce: toBase64Url(Buffer.alloc(32, 1)),
  challenge: toBase64Url(Buffer.alloc(32, 2)),
  scopes: ['*'],
};

describe('a change and the journal', () => {
  let temp: TempDir;
  let journal: Journal;
  let executor: Executor;
  let log: string[];
  /** What the disk does when it is asked to keep something. */
  let sync: () => Promise<void>;
  let asked: PromiseWithResolvers<void>;

  beforeEach(async () => {
    temp = await tempDir();
    journal = await openJournal(temp.file('journal'));
    log = [];
    sync = () => Promise.resolve();
    asked = Promise.withResolvers();
    // Real files; only the moment at which the disk says "kept" is the test's.
    const handle = await open(temp.file('probe'), 'w');
    const prototype: { datasync(): Promise<void> } = Object.getPrototypeOf(handle);
    await handle.close();
    vi.spyOn(prototype, 'datasync').mockImplementation(async () => {
      log.push('asked the disk');
      asked.resolve();
      await sync();
      log.push('kept');
    });
    executor = executorOf({ resident: testSchema() });
  });
  afterEach(async () => {
    await journal.close();
    await temp[Symbol.asyncDispose]();
  });

  function executorOf(schemas: Schemas): Executor {
    return createExecutor({
      schemas,
      services: services(journal),
      session: createSession(facts),
      roomToSend: () => Promise.resolve(),
    });
  }

  function testSchema() {
    const schema = buildSchema('type Query { a: Int } type Mutation { change: Boolean! }');
    const field = schema.getMutationType()?.getFields()['change'];
    if (!field) throw new Error('no such field');
    field.extensions = { scope: 'docker:containers:write' };
    field.resolve = () => {
      log.push('changed');
      return true;
    };
    return schema;
  }

  function services(kept: Journal): AgentServices {
    const absent = (): never => {
      throw new Error('not part of this test');
    };
    return {
      journal: kept,
      audit: { record: ({ outcome }) => log.push(`audited ${outcome}`) },
      policy: createPolicy({ scopes: ['*'], deniedPaths: [], disabledFeatures: new Set() }),
      log: silentLog,
      restart: absent,
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
    };
  }

  function prepare(id: string) {
    const signed = sealEnvelope(control, {
      v: 1,
      keyId: control.id,
      sessionId: sessionIdOf(facts),
      id,
      agentId: 'agt_1',
      sessionMs: 0,
      ttlMs: 30_000,
      actor: 'usr_1',
      scopes: ['docker:containers:write'],
      query: 'mutation { change }',
      operationName: null,
      variables: {},
    });
    return executor.prepare(id, signed);
  }

  it('is not made before the disk has kept that it begins', async () => {
    await expect(executor.execute(await prepare('op'))).resolves.toEqual({ data: { change: true } });
    expect(log.slice(0, 3)).toEqual(['asked the disk', 'kept', 'changed']);
  });

  it('is answered while the disk is still busy with its end', async () => {
    const kept = Promise.withResolvers<void>();
    sync = () => (log.includes('changed') ? kept.promise : Promise.resolve());
    await expect(executor.execute(await prepare('op'))).resolves.toEqual({ data: { change: true } });
    expect(journal.outcome('op')).toMatchObject({ state: 'STARTED' });
    kept.resolve();
    await journal.close();
    expect(log).toEqual(['asked the disk', 'kept', 'changed', 'audited succeeded', 'asked the disk', 'kept']);
    expect(journal.outcome('op')).toMatchObject({ state: 'SUCCEEDED', field: 'change' });
  });

  it('waits as long as the disk takes', async () => {
    const kept = Promise.withResolvers<void>();
    sync = () => kept.promise;
    const answer = executor.execute(await prepare('op'));
    await asked.promise;
    for (let n = 0; n < 10; n += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['asked the disk']);
    kept.resolve();
    await answer;
    expect(log).toContain('changed');
  });

  it.each([
    ['EIO', 'as its disk fails (EIO)'],
    ['ENOSPC', 'as its disk is full'],
  ])('is not made when the disk keeps nothing (%s), and that is said', async (code, why) => {
    sync = () => Promise.reject(Object.assign(new Error('no'), { code }));
    await expect(executor.execute(await prepare('op'))).rejects.toThrow(why);
    expect(log).not.toContain('changed');
    expect(journal.outcome('op').state).toBe('UNKNOWN');
  });

  it('is not made when its caller left while the disk was busy, and the journal says so', async () => {
    const kept = Promise.withResolvers<void>();
    sync = () => kept.promise;
    const answer = executor.execute(await prepare('op'));
    await asked.promise;
    executor.cancel('op');
    kept.resolve();
    await expect(answer).resolves.toMatchObject({ errors: [{ extensions: { code: 'CANCELLED' } }] });
    expect(log).not.toContain('changed');
    await journal.close();
    expect(journal.outcome('op')).toMatchObject({ state: 'FAILED', errorCode: 'CANCELLED' });
  });

  it('is not made when the link was lost while the disk was busy', async () => {
    const kept = Promise.withResolvers<void>();
    sync = () => kept.promise;
    const answer = executor.execute(await prepare('op'));
    await asked.promise;
    executor.close();
    kept.resolve();
    await answer;
    expect(log).not.toContain('changed');
  });

  it('that was made is answered although its end could not be written down', async () => {
    const answer = executor.execute(await prepare('op'));
    sync = () =>
      log.includes('changed')
        ? Promise.reject(Object.assign(new Error('full'), { code: 'EIO' }))
        : Promise.resolve();
    await expect(answer).resolves.toEqual({ data: { change: true } });
    expect(journal.outcome('op').state).toBe('STARTED');
  });

  it('that was under way when the process ended is known as interrupted by the next one', async () => {
    await journal.started('op', 'change');
    await journal.close();
    journal = await openJournal(temp.file('journal'));
    expect(journal.outcome('op').state).toBe('INTERRUPTED');
  });

  it.each(['cancel', 'close'] as const)(
    'is not admitted any more after %s while its code was loaded',
    async (leave) => {
      const load = Promise.withResolvers<GraphQLSchema>();
      executor = executorOf({
        resident: buildSchema('type Query { a: Int } type Mutation { other: Int }'),
        whole: () => load.promise,
      });
      const args = prepare('op');
      expect(executor.isRunning('op')).toBe(true);
      executor[leave]('op');
      load.resolve(testSchema());
      await expect(args).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(log).toEqual(['audited refused']);
    },
  );

  it('cancelled before it was begun is not even written down', async () => {
    const args = await prepare('op');
    executor.cancel('op');
    await expect(executor.execute(args)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(log).toEqual([]);
  });
});
