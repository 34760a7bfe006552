import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { eventually, nextItem } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import type { Container, ContainerChange, ContainerState } from './container.ts';
import { connected, forever } from './testing.ts';

/** A change that tells of a container in a state. */
const tells =
  (id: string, state: ContainerState) =>
  ({ containers }: ContainerChange): boolean =>
    containers.some((one) => one.id === id && one.state === state);

describeWith('docker', 'the live list', () => {
  test('begins with everything', async () => {
    using docker = await connected();
    await using box = await container();
    const changes = docker.changes(forever);
    const all: Container[] = [];
    for (;;) {
      const { kind, containers, complete } = await nextItem(changes);
      expect(kind).toBe('SNAPSHOT');
      all.push(...containers);
      if (complete) break;
    }
    expect(all.map(({ id }) => id)).toContain(box.id);
    await changes.return();
  });

  test('shows within a second what happens in a shell', async () => {
    using docker = await connected();
    const changes = docker.changes(forever);
    const waits: number[] = [];
    const next = async (accept: (change: ContainerChange) => boolean, what: string): Promise<void> => {
      const began = performance.now();
      await nextItem(changes, accept, what);
      waits.push(performance.now() - began);
    };
    await nextItem(changes, ({ complete }) => complete);
    await using box = await container({ start: false });
    await nextItem(changes, tells(box.id, 'CREATED'));
    for (const [command, state] of [
      ['start', 'RUNNING'],
      ['pause', 'PAUSED'],
      ['unpause', 'RUNNING'],
      ['stop', 'EXITED'],
    ] as const) {
      await cli(command, box.id);
      await next(tells(box.id, state), `${command} to show`);
    }
    const name = uniqueName();
    await cli('rename', box.id, name);
    await next(({ containers }) => containers.some((one) => one.name === name), 'the name');
    await cli('rm', box.id);
    await next(({ removedIds }) => removedIds.includes(box.id), 'the removal');
    // The slowest may have met what holds up the whole machine for a moment.
    expect(waits.toSorted((a, b) => a - b).at(-2)).toBeLessThan(1000);
    await changes.return();
  });

  test('tells times, exit code and health with the state', async () => {
    using docker = await connected();
    const changes = docker.changes(forever);
    await nextItem(changes, ({ complete }) => complete);
    await using box = await container({ options: ['--health-cmd', 'true', '--health-interval', '1s'] });
    const ours = ({ containers }: ContainerChange): Container | undefined =>
      containers.find(({ id }) => id === box.id);
    const healthy = await nextItem(
      changes,
      (change) => ours(change)?.health === 'healthy',
      'it to be healthy',
    );
    expect(ours(healthy)?.startedAt).toBeGreaterThan(Date.now() - 60_000);
    await cli('kill', box.id);
    const after = await nextItem(changes, tells(box.id, 'EXITED'));
    const dead = ours(after);
    expect(dead).toMatchObject({ exitCode: 137, health: 'unhealthy' });
    expect(dead?.finishedAt).toBeGreaterThan(dead?.startedAt ?? Number.POSITIVE_INFINITY);
    await changes.return();
  });

  test('every subscriber is told, and one that left is told no more', async () => {
    using docker = await connected();
    const [one, two] = [docker.changes(forever), docker.changes(forever)];
    await nextItem(one, ({ complete }) => complete);
    await nextItem(two, ({ complete }) => complete);
    await one.return();
    await using box = await container();
    await nextItem(two, tells(box.id, 'RUNNING'));
    expect(await one.next()).toEqual({ done: true, value: undefined });
    await two.return();
  });

  test('counts for samples follow the events', async () => {
    using docker = await connected();
    const before = docker.counts();
    await using box = await container();
    const more = (total: number, running: number) => () =>
      docker.counts()?.containersTotal === (before?.containersTotal ?? 0) + total &&
      docker.counts()?.containersRunning === (before?.containersRunning ?? 0) + running;
    await eventually(more(1, 1), 'one more that runs');
    await cli('stop', box.id);
    await eventually(more(1, 0), 'one more that does not');
    const tag = uniqueName('serverkit-test/image');
    await cli('commit', box.id, tag);
    await eventually(() => docker.counts()?.imagesTotal === (before?.imagesTotal ?? 0) + 1, 'one more image');
    await cli('rmi', tag);
    await eventually(() => docker.counts()?.imagesTotal === before?.imagesTotal, 'one image less');
  });
});
