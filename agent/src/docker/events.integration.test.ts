import { expect, test } from 'vitest';
import { container, docker as cli, uniqueName } from '../../../testing/docker.ts';
import { nextItem } from '../../../testing/events.ts';
import { describeWith } from '../../../testing/parts.ts';
import { connected } from './testing.ts';
import type { FedEvent } from './event-feed.ts';

describeWith('docker', "Docker's events", () => {
  test('are told as the docker command tells them, of containers and volumes alike', async () => {
    using docker = await connected();
    const since = Math.floor(Date.now() / 1000);
    const volume = uniqueName();
    const ending = new AbortController();
    const source = docker.events(new Set(['container', 'volume']), ending.signal);
    await using box = await container({ labels: { secret: 'hunter2' } });
    await cli('volume', 'create', volume);
    await cli('volume', 'rm', volume);
    await cli('kill', '--signal', 'SIGKILL', box.id);
    const seen: FedEvent[] = [];
    while (!seen.some(({ id, action }) => id === box.id && action === 'die')) {
      const { events } = await nextItem(source);
      seen.push(...events.filter(({ id }) => id === box.id || id === volume));
    }
    ending.abort();
    const until = String(Math.ceil(Date.now() / 1000));
    const format = '{{.Type}} {{.Action}} {{.TimeNano}}';
    const filter = `container=${box.id}`;
    // prettier-ignore
    const told = await cli('events', '--since', String(since), '--until', until, '--filter', filter, '--format', format);
    const lines = told
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([type, action, nano]) => [type, action, Math.floor(Number(nano) / 1e6)]);
    const ofBox = seen.filter(({ id }) => id === box.id);
    expect(ofBox.map(({ type, action, at }) => [type, action, at])).toEqual(lines);
    expect(ofBox.map(({ name }) => name)).toEqual(ofBox.map(() => box.name));
    expect(ofBox.at(-1)?.details).toContainEqual({ key: 'exitCode', value: '137' });
    expect(seen.filter(({ id }) => id === volume).map(({ action }) => action)).toEqual(['create', 'destroy']);
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });
});
