import { expect, test, vi } from 'vitest';
import { createClient } from '../node.ts';
import { testApi } from '../testing.ts';
import { followLogs } from './follow.ts';

const at = (seconds: number): string => `2026-01-01T00:00:${String(seconds).padStart(2, '0')}.000000000Z`;
const stdout = (...lines: readonly (readonly [number, string])[]) => ({
  data: {
    containerLogs: {
      segments: [
        {
          stream: 'STDOUT',
          text: lines.map(([second, text]) => `${at(second)} ${text}\n`).join(''),
          partial: false,
        },
      ],
    },
  },
});

const target = { serverId: 'srv_1', containerId: 'web' };
const quick = { maxDelayMs: 1 };

test('lines come one by one, until the log ends', async () => {
  await using api = await testApi();
  const lines = followLogs(createClient({ url: api.url }), { ...target, tail: 10 });
  const first = lines.next();
  const operation = await api.subscription();
  expect(operation.payload.variables).toEqual({ ...target, tail: 10, timestamps: true });
  operation.next(stdout([1, 'one'], [2, 'two']));
  operation.complete();
  expect(await first).toEqual({
    done: false,
    value: { at: at(1), stream: 'STDOUT', text: 'one', partial: false },
  });
  expect(await lines.next()).toMatchObject({ value: { text: 'two' } });
  expect(await lines.next()).toEqual({ done: true, value: undefined });
});

test('after a lost connection it goes on with the next line', async () => {
  await using api = await testApi();
  const lines = followLogs(createClient({ url: api.url, reconnect: quick }), { ...target, tail: 10 });
  const first = lines.next();
  const before = await api.subscription();
  before.next(stdout([10, 'one'], [11, 'two']));
  await first;
  before.socket.ws.terminate();
  expect(await lines.next()).toMatchObject({ value: { text: 'two' } });
  const next = lines.next();
  const after = await api.subscription();
  expect(after.payload.variables).toEqual({
    ...target,
    tail: null,
    since: '2026-01-01T00:00:10.000Z',
    timestamps: true,
  });
  after.next(stdout([10, 'one'], [11, 'two'], [12, 'three']));
  expect(await next).toMatchObject({ value: { text: 'three' } });
  await lines.return?.();
});

test('a server that goes away is waited for; one that was never there is not', async () => {
  await using api = await testApi();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const offline = [{ message: 'web-1 is offline.', extensions: { code: 'AGENT_OFFLINE' } }];
  const client = createClient({ url: api.url });
  const interruptions: string[] = [];
  const lines = followLogs(client, target, { onInterruption: ({ code }) => interruptions.push(code) });
  const first = lines.next();
  const before = await api.subscription();
  before.next(stdout([10, 'one']));
  await first;
  before.error(offline);
  const next = lines.next();
  (await api.subscription()).error(offline);
  const after = await api.subscription();
  after.next(stdout([10, 'one'], [12, 'two']));
  expect(await next).toMatchObject({ value: { text: 'two' } });
  expect(interruptions).toEqual(['AGENT_OFFLINE', 'AGENT_OFFLINE']);
  await lines.return?.();

  const never = followLogs(client, target).next();
  (await api.subscription()).error(offline);
  await expect(never).rejects.toMatchObject({ code: 'AGENT_OFFLINE' });
});

test('what is not worth waiting for ends it', async () => {
  await using api = await testApi();
  const lines = followLogs(createClient({ url: api.url }), target);
  const first = lines.next();
  const operation = await api.subscription();
  operation.next(stdout([10, 'one']));
  await first;
  operation.error([{ message: 'No such container.', extensions: { code: 'NOT_FOUND' } }]);
  await expect(lines.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('from now on begins after the last line there is, also after a break before the first new one', async () => {
  await using api = await testApi();
  const lines = followLogs(createClient({ url: api.url, reconnect: quick }), { ...target, tail: 0 });
  const first = lines.next();
  const look = await api.subscription();
  expect(look.payload.variables).toMatchObject({ tail: 1, follow: false });
  look.next(stdout([10, 'old']));
  look.complete();
  const before = await api.subscription();
  expect(before.payload.variables).toMatchObject({ tail: null, since: '2026-01-01T00:00:09.000Z' });
  before.socket.ws.terminate();
  const after = await api.subscription();
  after.next(stdout([10, 'old'], [11, 'new']));
  expect(await first).toMatchObject({ value: { text: 'new' } });
  await lines.return?.();
});

test('from now on in an empty log is everything', async () => {
  await using api = await testApi();
  const lines = followLogs(createClient({ url: api.url }), { ...target, tail: 0 });
  const first = lines.next();
  (await api.subscription()).complete();
  const operation = await api.subscription();
  expect(operation.payload.variables).toMatchObject({ tail: null });
  operation.next(stdout([10, 'new']));
  expect(await first).toMatchObject({ value: { text: 'new' } });
  await lines.return?.();
});

test('its reader may leave at any moment: while it is silent, and while it waits for a server', async () => {
  await using api = await testApi();
  vi.spyOn(Math, 'random').mockReturnValue(1);
  const client = createClient({ url: api.url });
  const silent = followLogs(client, target);
  const pending = silent.next();
  const operation = await api.subscription();
  expect(await silent.return?.()).toMatchObject({ done: true });
  expect(await pending).toMatchObject({ done: true });
  await operation.left;

  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  const waiting = followLogs(client, target, { onInterruption: () => resolve() });
  const first = waiting.next();
  const before = await api.subscription();
  before.next(stdout([10, 'one']));
  await first;
  before.error([{ message: 'Offline.', extensions: { code: 'AGENT_OFFLINE' } }]);
  const next = waiting.next();
  await interrupted;
  await waiting.return?.();
  expect(await next).toMatchObject({ done: true });

  const controller = new AbortController();
  const aborted = followLogs(client, target, { signal: controller.signal }).next();
  await api.subscription();
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
});
