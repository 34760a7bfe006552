import { afterEach, expect, test, vi } from 'vitest';
import type { AgentLink, StreamSink } from '../../agents/link.ts';
import { ServerKitError } from '../../errors.ts';
import { longestWriteMs } from './file.ts';
import { longestAwayMs, Recorder, type RecorderOptions, type RecordingEnd } from './recorder.ts';

afterEach(() => void vi.useRealTimers());

/** The recording of a terminal whose agent, and whose disk, are held by the test. */
function recording(options: Partial<Pick<RecorderOptions, 'limitBytes' | 'room'>> = {}) {
  const streams: { sink: StreamSink<object>; granted: number }[] = [];
  const end = Promise.withResolvers<RecordingEnd>();
  const failed = Promise.withResolvers<unknown>();
  const early: string[] = [];
  const disk = {
    text: '',
    pieces: 0,
    closed: false,
    write: () => Promise.resolve(),
    closing: Promise.resolve(),
    fail: failed.resolve,
  };
  const recorder = new Recorder({
    recorded: {
      id: 'rec_1',
      serverId: 'srv_1',
      terminalId: 'trm_1',
      place: 'container',
      privileged: false,
      required: false,
      startedAt: new Date(),
      title: 'web',
    },
    file: {
      get pieces() {
        return disk.pieces;
      },
      get bytes() {
        return disk.text.length;
      },
      async write(text) {
        await disk.write();
        disk.text += text;
        disk.pieces += 1;
      },
      failed: failed.promise,
      async close() {
        await disk.closing;
        disk.closed = true;
      },
    },
    room: () => Promise.resolve(undefined),
    onEarly: ({ recorded }) => void early.push(recorded.terminalId),
    onEnd: (_recorder, why) => Promise.resolve(end.resolve(why)),
    ...options,
  });
  const link = {
    serverId: 'srv_1',
    closed: new AbortController().signal,
    subscribe(_document: unknown, variables: object, call: object, sink: StreamSink<object>) {
      expect(variables).toMatchObject({ id: 'trm_1', recording: true });
      expect(call).toMatchObject({ scopes: ['docker:containers:exec'] });
      const stream = { sink, granted: 0 };
      streams.push(stream);
      return { id: '', grant: (bytes: number) => void (stream.granted += bytes), stop: () => undefined };
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a link no more is asked here
  const attach = (): void => recorder.attach(link as unknown as AgentLink);
  const tell = (event: object): void => streams.at(-1)?.sink.next({ event });
  const screen = (text: string): void => tell({ kind: 'SCREEN', text, columns: 80, rows: 24 });
  attach();
  return {
    recorder,
    disk,
    early,
    ended: end.promise,
    attach,
    tell,
    screen,
    lose: () => streams.at(-1)?.sink.end(new ServerKitError('AGENT_OFFLINE', 'It went away.')),
    granted: () => streams.at(-1)?.granted ?? 0,
    begun: () => recorder.ready(AbortSignal.timeout(30_000)),
    lines: (): unknown[] =>
      disk.text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line)),
  };
}

const at: unknown = expect.any(Number);

test('what a terminal shows is an asciicast of version 2', async () => {
  const one = recording();
  one.screen('$ ');
  await one.begun();
  one.tell({ kind: 'OUTPUT', text: 'ls\r\n' });
  one.tell({ kind: 'RESIZED', columns: 100, rows: 40 });
  one.tell({ kind: 'IDLE', endsInMs: 1000 });
  one.tell({ kind: 'ENDED', reason: 'EXITED', exitCode: 0 });
  expect(await one.ended).toBe('COMPLETE');
  expect(one.lines()).toEqual([
    expect.objectContaining({ version: 2, width: 80, height: 24, title: 'web', timestamp: at }),
    [at, 'o', '$ '],
    [at, 'o', 'ls\r\n'],
    [at, 'r', '100x40'],
  ]);
  expect(one.disk.closed).toBe(true);
});

test('when the link broke it goes on from the screen as it is then, and says that something is missing', async () => {
  const one = recording();
  one.screen('before');
  await one.begun();
  one.lose();
  one.attach();
  await expect.poll(() => one.recorder.attached).toBe(false);
  one.attach();
  one.screen('after');
  await one.begun();
  one.tell({ kind: 'ENDED', reason: 'EXITED', exitCode: 0 });
  expect(await one.ended).toBe('COMPLETE');
  expect(one.lines().slice(1)).toEqual([
    [at, 'o', 'before'],
    [at, 'm', 'Something is missing here'],
    [at, 'r', '80x24'],
    [at, 'o', '\u001bcafter'],
  ]);
});

test('a disk that is slow takes no credit: what the agent may send meanwhile is bounded', async () => {
  const one = recording();
  const writing = Promise.withResolvers<void>();
  one.screen('');
  await one.begun();
  one.disk.write = () => writing.promise;
  one.tell({ kind: 'OUTPUT', text: 'x'.repeat(1000) });
  one.tell({ kind: 'OUTPUT', text: 'y'.repeat(1000) });
  await new Promise((resolve) => setImmediate(resolve));
  expect(one.granted()).toBe(0);
  writing.resolve();
  one.tell({ kind: 'ENDED', reason: 'CLOSED', exitCode: null });
  expect(await one.ended).toBe('COMPLETE');
  expect(one.granted()).toBe(2000);
});

test('it ends when it is as large as one may be', async () => {
  const one = recording({ limitBytes: 1000 });
  one.screen('');
  await one.begun();
  one.tell({ kind: 'OUTPUT', text: 'x'.repeat(1000) });
  expect(await one.ended).toBe('TOO_LARGE');
  expect(one.disk.text).not.toContain('xxx');
  await expect(one.begun()).rejects.toMatchObject({ code: 'RECORDING_FAILED' });
});

test.each([
  ['ENOSPC', 'DISK_FULL'],
  ['EIO', 'FAILED'],
] as const)('it ends when the disk says %s', async (code, why) => {
  const one = recording();
  one.screen('');
  await one.begun();
  one.disk.write = () => Promise.reject(Object.assign(new Error(code), { code }));
  one.tell({ kind: 'OUTPUT', text: 'x' });
  expect(await one.ended).toBe(why);
});

test.each([
  ['before the disk is full, so that the database keeps its room', 'DISK_FULL'],
  ['when all recordings take as much as they may', 'OVER_BUDGET'],
] as const)('it ends %s', async (_when, why) => {
  const one = recording({ room: () => Promise.resolve(why) });
  one.screen('');
  expect(await one.ended).toBe(why);
  await expect(one.begun()).rejects.toMatchObject({ code: 'RECORDING_FAILED' });
  expect(one.early).toEqual(['trm_1']);
});

test('it ends when the disk does not say whether there is room', async () => {
  vi.useFakeTimers();
  const one = recording({ room: () => new Promise(() => undefined) });
  one.screen('');
  await vi.advanceTimersByTimeAsync(longestWriteMs - 1);
  expect(one.early).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await one.ended).toBe('DISK_STALLED');
});

test('it is cut off when its server does not come back, and whatever comes then is none of it', async () => {
  vi.useFakeTimers();
  const one = recording();
  one.screen('kept');
  await one.begun();
  await vi.advanceTimersByTimeAsync(longestAwayMs * 2);
  expect(one.recorder.attached, 'while nothing is shown it goes on').toBe(true);
  one.lose();
  await vi.advanceTimersByTimeAsync(longestAwayMs - 1);
  expect(one.disk.closed).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await one.ended).toBe('CUT_OFF');
  expect(one.disk.closed).toBe(true);
  expect(one.early, 'there is no terminal that goes on').toEqual([]);
  one.attach();
  one.screen('late');
  expect(one.disk.text).toContain('kept');
  expect(one.disk.text).not.toContain('late');
});

test('it is not cut off by short absences, however many', async () => {
  vi.useFakeTimers();
  const one = recording();
  for (let absence = 0; absence < 3; absence += 1) {
    one.screen('');
    await one.begun();
    one.lose();
    await vi.advanceTimersByTimeAsync(longestAwayMs - 1);
    one.attach();
  }
  one.screen('');
  await one.begun();
  expect(one.disk.closed).toBe(false);
});

test('it ends as lost when the terminal is gone once its server is back', async () => {
  const one = recording();
  one.screen('');
  await one.begun();
  one.lose();
  await expect.poll(() => one.recorder.attached).toBe(false);
  await one.recorder.end('LOST');
  expect(await one.ended).toBe('LOST');
});

test('it ends as soon as its disk fails, though nothing more is shown', async () => {
  const one = recording();
  one.screen('');
  await one.begun();
  one.disk.fail(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  expect(await one.ended).toBe('DISK_FULL');
  await expect(one.begun()).rejects.toMatchObject({ code: 'RECORDING_FAILED' });
});

test('who depends on it is told before a disk that hangs has closed its file, and not when it ends with its terminal', async () => {
  const one = recording();
  one.screen('');
  await one.begun();
  const closing = Promise.withResolvers<void>();
  one.disk.closing = closing.promise;
  void one.recorder.end('FAILED');
  expect(one.early).toEqual(['trm_1']);
  expect(one.disk.closed).toBe(false);
  closing.resolve();
  expect(await one.ended).toBe('FAILED');
  const other = recording();
  await other.recorder.end('COMPLETE');
  expect(other.early).toEqual([]);
});

test('room is looked for after each piece, also one that was written between', async () => {
  let looks = 0;
  const one = recording({ room: () => Promise.resolve((looks += 1) < 2 ? undefined : 'DISK_FULL') });
  // A file that gathers: what is shown makes no piece at once.
  one.disk.write = () => Promise.resolve(void (one.disk.pieces -= 1));
  one.screen('');
  await one.begun();
  one.tell({ kind: 'OUTPUT', text: 'x' });
  await expect.poll(() => one.disk.text).toContain('x');
  expect(looks).toBe(1);
  one.disk.pieces += 1;
  one.tell({ kind: 'OUTPUT', text: 'y' });
  expect(await one.ended).toBe('DISK_FULL');
  expect(looks).toBe(2);
});
