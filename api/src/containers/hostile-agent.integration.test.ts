import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../database/database.ts';
import { quiet } from '../database/testing.ts';
import { Topics } from '../live/topics.ts';
import {
  addServer,
  metricsDatabase,
  TestAgents,
  TestLink,
  TestRing,
  type TestMetricsDatabase,
} from '../metrics/testing.ts';
import { followLogs } from './logs.ts';
import { createContainerMirror, type AgentContainer, type ContainerMirror } from './mirror.ts';
import { createDockerFacts } from './docker-facts.ts';
import { createSnapshots } from './snapshots.ts';
import { seen } from './testing.ts';

const docker = { available: true, version: '20.10', apiVersion: '1.41', storageDriver: 'vfs', error: null };

/** A change as an agent sends it. */
const change = (kind: string, containers: readonly AgentContainer[], complete = true) => ({
  containerChanges: { kind, containers, removedIds: [], docker, complete, at: 0 },
});

describe('containers of an agent that lies', () => {
  let opened: TestMetricsDatabase;
  let db: Database;
  beforeAll(async () => {
    opened = await metricsDatabase();
    ({ db } = opened);
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  let agents: TestAgents;
  let mirror: ContainerMirror;
  let link: TestLink;
  function openMirror(): ContainerMirror {
    const topics = new Topics();
    return createContainerMirror(
      agents,
      topics,
      createSnapshots(db, quiet),
      quiet,
      createDockerFacts(db, topics, quiet),
    );
  }
  beforeEach(async () => {
    agents = new TestAgents();
    mirror = openMirror();
    link = agents.up(new TestLink(await addServer(db), new TestRing()));
    link.emit('ContainerChanges', change('SNAPSHOT', [seen(1)]));
  });
  afterEach(async () => {
    link.close();
    await mirror.flush();
  });

  const known = () => mirror.peek(link.serverId);

  test('with text that the database refuses are kept all the same', async () => {
    const label = { key: 'a\0b', value: '\ud800 \0' };
    link.emit('ContainerChanges', change('DELTA', [seen(2, { name: 'odd', labels: [label] })]));
    await mirror.flush();
    const later = openMirror();
    await later.load();
    const kept = [...(later.peek(link.serverId)?.containers.values() ?? [])];
    expect(kept.map(({ name }) => name)).toEqual(['web-1', 'odd']);
    expect(kept[1]?.labels).toEqual([{ key: 'a\ufffdb', value: '\ufffd \ufffd' }]);
  });

  /** Sends changes until the mirror has enough of it. @returns how many it took */
  function flood(next: (n: number) => unknown, most: number): number {
    for (let n = 0; n < most; n += 1) {
      try {
        link.emit('ContainerChanges', next(n));
      } catch (error) {
        expect(error).toMatchObject({ code: 'AGENT_PROTOCOL_ERROR' });
        return n;
      }
    }
    return most;
  }

  const many = (n: number) => Array.from({ length: 500 }, (_, index) => seen(1_000 + n * 500 + index));

  test.each([
    ['one after the other', (n: number) => change('DELTA', many(n))],
    ['in a list that never ends', (n: number) => change('SNAPSHOT', many(n), false)],
    [
      'with endless text',
      (n: number) => change('DELTA', [seen(1_000 + n, { status: 'x'.repeat(1_000_000) })]),
    ],
  ])('and come %s are not remembered for ever', (_how, next) => {
    const taken = flood(next, 200);
    expect(taken).toBeGreaterThan(20);
    expect(taken).toBeLessThan(60);
  });

  test('and whose stream has ended are shown as last seen, not as live', () => {
    expect(known()?.live).toBe(true);
    link.end('ContainerChanges');
    expect(known()?.live).toBe(false);
    expect([...(known()?.containers.keys() ?? [])]).toEqual([seen(1).id]);
  });
});

describe('a log of an agent that lies', () => {
  const lines = (count: number) => ({
    containerLogs: {
      segments: Array.from({ length: count }, () => ({ stream: 'STDOUT', text: '', partial: false })),
    },
  });
  const text = (bytes: number) => ({
    containerLogs: { segments: [{ stream: 'STDOUT', text: 'x'.repeat(bytes), partial: false }] },
  });

  test.each([
    ['sends more than it was granted', text(64 * 1024)],
    ['sends pieces without text, which cost no credit', lines(10_000)],
  ])('and %s is ended before it fills the memory', (_how, batch) => {
    const link = new TestLink({ id: 'srv_1', number: 1 }, new TestRing());
    const leaving = new AbortController();
    const log = followLogs(
      link,
      { id: 'web', follow: true, stdout: true, stderr: true, timestamps: false },
      { actor: 'usr_1', signal: leaving.signal },
    );
    let sent = 0;
    expect(() => {
      for (; sent < 1_000; sent += 1) link.emit('ContainerLogs', batch);
    }).toThrow('more of a log than it was asked for');
    expect(sent).toBeGreaterThan(4);
    expect(sent).toBeLessThan(100);
    void log.return?.();
  });
});
