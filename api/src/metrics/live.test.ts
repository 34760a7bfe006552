import { beforeEach, describe, expect, test } from 'vitest';
import { nextItem } from '../../../testing/events.ts';
import { quiet } from '../database/testing.ts';
import { ServerKitError } from '../errors.ts';
import { Topics } from '../live/topics.ts';
import { Live } from './live.ts';
import type { Packed } from './newest.ts';
import { sample, TestAgents, TestLink, TestRing } from './testing.ts';
import { liveSamples } from './topics.ts';

const server = { id: 'srv_a', number: 1 };

let agents: TestAgents;
let topics: Topics;
let live: Live;
let seen: Packed[];
beforeEach(() => {
  agents = new TestAgents();
  topics = new Topics();
  seen = [];
  live = new Live({ agents, topics, log: quiet, seen: (newest) => void seen.push(newest) });
});

const link = (epoch = 1) => agents.up(new TestLink(server, new TestRing(), epoch));
const watch = () => topics.subscribe(liveSamples, { channels: [server.id] });

describe('samples every second', () => {
  test('are asked for once however many watch, and no more when the last looks away', async () => {
    const agent = link();
    expect(agent.running).toStrictEqual([]);
    const [first, second] = [watch(), watch()];
    expect(agent.running).toStrictEqual(['LiveSamples']);
    const measured = sample(1);
    agent.emit('LiveSamples', { liveSamples: measured });
    for (const watcher of [first, second]) {
      expect(await nextItem(watcher)).toStrictEqual({
        serverId: server.id,
        at: measured.at,
        sample: measured,
      });
    }
    expect(seen).toHaveLength(1);
    await first.return();
    expect(agent.running).toStrictEqual(['LiveSamples']);
    await second.return();
    expect(agent.running).toStrictEqual([]);
  });

  test('go on over a new link, for one who watched before there was any', async () => {
    const watcher = watch();
    const before = link();
    expect(before.running).toStrictEqual(['LiveSamples']);
    before.close();
    const after = link(2);
    expect(after.running).toStrictEqual(['LiveSamples']);
    const measured = sample(2);
    after.emit('LiveSamples', { liveSamples: measured });
    expect(await nextItem(watcher)).toMatchObject({ sample: measured });
    await watcher.return();
    expect(after.running).toStrictEqual([]);
    expect(link(3).running).toStrictEqual([]);
  });

  test('are not asked of one that listens to all servers at once', async () => {
    const agent = link();
    const all = topics.subscribe(liveSamples);
    expect(agent.running).toStrictEqual([]);
    await all.return();
  });

  test('end where the numbers make no sense, and the link stays', async () => {
    const agent = link();
    const watcher = watch();
    agent.emit('LiveSamples', { liveSamples: sample(1, { cpuPercent: 101 }) });
    expect(agent.running).toStrictEqual([]);
    expect(agent.closed.aborted).toBe(false);
    expect(seen).toStrictEqual([]);
    await watcher.return();
  });

  test('leave one who watches a server with an older agent to those of every ten seconds', async () => {
    const agent = new TestLink(server, new TestRing());
    agent.subscribe = () => {
      throw new ServerKitError('UNSUPPORTED_BY_AGENT', 'too old');
    };
    agents.up(agent);
    const watcher = watch();
    const slow = sample(1);
    live.fallBackOn({ serverId: server.id, at: slow.at, sample: slow });
    expect(await nextItem(watcher)).toMatchObject({ sample: slow });
    await watcher.return();
  });

  test('come at our time where the clock of the agent is absurd', async () => {
    const agent = link();
    const watcher = watch();
    const before = Date.now();
    agent.emit('LiveSamples', { liveSamples: sample(1, { at: before + 3 * 3_600_000 }) });
    const { at } = await nextItem(watcher);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    await watcher.return();
  });

  test('are stood in for by those of every ten seconds, as long as none come', async () => {
    const agent = link();
    const watcher = watch();
    const [slow, fast, covered] = [sample(1), sample(2), sample(3)];
    live.fallBackOn({ serverId: server.id, at: slow.at, sample: slow });
    expect(await nextItem(watcher)).toMatchObject({ sample: slow });
    agent.emit('LiveSamples', { liveSamples: fast });
    live.fallBackOn({ serverId: server.id, at: covered.at, sample: covered });
    expect(await nextItem(watcher)).toMatchObject({ sample: fast });
    agent.emit('LiveSamples', { liveSamples: slow });
    expect(await nextItem(watcher)).toMatchObject({ sample: slow });
    await watcher.return();
  });
});
