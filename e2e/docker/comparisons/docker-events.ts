import { expect } from 'vitest';
import { container, docker, uniqueName } from '../../../testing/docker.ts';
import { eventually } from '../../../testing/events.ts';
import type { Comparison } from '../comparison.ts';

interface Batch {
  readonly dockerEvents: {
    readonly serverId: string;
    readonly events: readonly {
      readonly type: string;
      readonly action: string;
      readonly id: string;
      readonly name: string;
      readonly at: string;
      readonly details: readonly { readonly key: string; readonly value: string }[];
    }[];
  };
}

const feed: Comparison = {
  title: 'events are told as docker events tells them',
  covers: [
    ...['action', 'at', 'details', 'id', 'name', 'type'].map((field) => `DockerEvent.${field}`),
    'DockerEvents.events',
    'Subscription.dockerEvents',
  ],
  async run(rig) {
    const name = uniqueName();
    const since = String(Math.floor(Date.now() / 1000));
    await using events = rig.subscribe<Batch>(
      `subscription Events($serverId: ID!, $text: String!) {
        dockerEvents(serverIds: [$serverId], types: [CONTAINER], text: $text) {
          serverId
          events { type action id name at details { key value } }
        }
      }`,
      { text: name },
    );
    // The feed begins at some time; from the first that it tells on it may leave nothing out.
    await using other = await container({ name: `${name}-other`, start: false });
    let begun = false;
    const first = events.next().then(() => void (begun = true));
    await eventually(async () => {
      await docker('rename', other.id, uniqueName(name));
      return begun;
    }, 'the feed to begin');
    await first;
    await using box = await container({ name, command: ['sh', '-c', 'exit 3'], start: false });
    await docker('start', box.id);
    await docker('wait', box.id);
    const seen: Batch['dockerEvents']['events'][number][] = [];
    while (!seen.some(({ action }) => action === 'die')) {
      const { dockerEvents } = await events.next();
      expect(dockerEvents.serverId).toBe(rig.serverId);
      seen.push(...dockerEvents.events.filter(({ id }) => id !== other.id));
    }
    const until = String(Math.ceil(Date.now() / 1000));
    const format = '{{.Action}} {{.TimeNano}}';
    const filter = `container=${box.id}`;
    const printed = await docker(
      'events',
      '--since',
      since,
      '--until',
      until,
      '--filter',
      filter,
      '--filter',
      'type=container',
      '--format',
      format,
    );
    const told = printed
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([action, nano]) => ({ action, at: new Date(Math.floor(Number(nano) / 1e6)).toISOString() }));
    const toldUntilEnd = told.slice(0, told.findIndex(({ action }) => action === 'die') + 1);
    expect(toldUntilEnd.map(({ action }) => action)).toEqual(['create', 'start', 'die']);
    expect(seen.map(({ action, at }) => ({ action, at }))).toEqual(toldUntilEnd);
    expect(seen.every(({ type, id }) => type === 'CONTAINER' && id === box.id)).toBe(true);
    expect(seen.find(({ action }) => action === 'die')).toMatchObject({
      name,
      details: expect.arrayContaining([{ key: 'exitCode', value: '3' }]) as unknown,
    });
  },
};

export const dockerEvents: readonly Comparison[] = [feed];
