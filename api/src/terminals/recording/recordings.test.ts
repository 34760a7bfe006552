import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { tempDir } from '../../../../testing/tmp.ts';
import type { StreamSink } from '../../agents/link.ts';
import { vaultWith } from '../../secrets/vault.ts';
import { RecordingFile } from './file.ts';
import { longestAwayMs } from './recorder.ts';
import { Recordings, type RecordingsOptions } from './recordings.ts';

afterEach(() => void vi.useRealTimers());

const terminal = {
  id: 'trm_1',
  serverId: 'srv_1',
  place: 'container',
  privileged: false,
  actor: { kind: 'system', label: 'test' },
  target: { kind: 'container', id: 'box', name: 'web' },
} as const;

/** One that was being made when the process before ended. */
const left = {
  id: 'rec_left',
  serverId: 'srv_1',
  terminalId: 'trm_1',
  place: 'container',
  privileged: false,
  required: true,
  startedAt: new Date(),
  actor: terminal.actor,
  target: terminal.target,
  endedAt: null,
};

/** Recordings of one server, whose database answers nothing once a recording has begun, and whose agent closes nothing. */
async function recordings() {
  const dir = await tempDir('sk-recordings-');
  const vault = vaultWith(new Uint8Array(32).fill(7));
  const disk = { full: false };
  const database = { answers: false };
  const [stored, audited]: [object[], object[]] = [[], []];
  const tx = {
    terminalRecording: {
      updateMany: ({ data }: { data: object }) => Promise.resolve({ count: stored.push(data) }),
    },
  };
  const sinks: StreamSink<object>[] = [];
  const never = () => new Promise<never>(() => undefined);
  const link = {
    serverId: 'srv_1',
    closed: new AbortController().signal,
    subscribe(_document: unknown, _variables: object, _call: object, sink: StreamSink<object>) {
      sinks.push(sink);
      queueMicrotask(() => sink.next({ event: { kind: 'SCREEN', text: '', columns: 80, rows: 24 } }));
      return { id: '', grant: () => undefined, stop: () => undefined };
    },
  };
  const options: unknown = {
    db: {
      prisma: {
        terminalRecording: {
          create: () => Promise.resolve({}),
          findMany: () => Promise.resolve([left]),
          findUnique: never,
          updateMany: never,
        },
        openTerminal: { count: () => Promise.resolve(1) },
        setting: { findUnique: () => Promise.resolve(null) },
        server: { findMany: () => Promise.resolve([]) },
        $transaction: (work: (tx: object) => unknown) => (database.answers ? work(tx) : never()),
      },
    },
    audit: { record: (_tx: object, entry: object) => Promise.resolve(void audited.push(entry)) },
    agents: { links: { onUp: () => undefined, require: () => link }, commands: { run: never } },
    vault: {
      ...vault,
      seal(plain: Uint8Array, context: string) {
        if (disk.full) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        return vault.seal(plain, context);
      },
    },
    log: pino({ level: 'silent' }),
    dataDir: dir.path,
  };
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no more of these is asked here
    all: new Recordings(options as RecordingsOptions),
    disk,
    database,
    stored,
    audited,
    show: (text: string) => sinks.at(-1)?.next({ event: { kind: 'OUTPUT', text } }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('a terminal whose recording was asked for goes on, and is called recorded no more, while the disk is full', async () => {
  await using one = await recordings();
  await one.all.begin(terminal, false);
  expect(one.all.isRecorded('trm_1')).toBe(true);
  const told = Promise.withResolvers<string>();
  one.all.listen(told.resolve);
  one.disk.full = true;
  one.show('x'.repeat(40_000));
  expect(await told.promise).toBe('trm_1');
  expect(one.all.isRecorded('trm_1')).toBe(false);
  expect(one.all.whyEnded('trm_1')).toBe('DISK_FULL');
  expect(one.all.failureOf('trm_1')).toBeUndefined();
});

test('a terminal whose required recording fails is nobody’s at once, though neither database nor agent answer', async () => {
  await using one = await recordings();
  await one.all.begin(terminal, true);
  const told = Promise.withResolvers<string>();
  one.all.listen(told.resolve);
  one.disk.full = true;
  one.show('x'.repeat(40_000));
  expect(await told.promise).toBe('trm_1');
  expect(one.all.failureOf('trm_1')).toMatchObject({
    code: 'RECORDING_FAILED',
    message: expect.stringContaining('There is no room left'),
  });
  expect(one.all.whyEnded('trm_1')).toBe('DISK_FULL');
  await expect(
    one.all.admit('srv_1', 'trm_1', () => Promise.reject(new Error('not asked'))),
  ).rejects.toMatchObject({ code: 'RECORDING_FAILED' });
});

test('a recording of before the start whose server never comes back is cut off, with what there is', async () => {
  await using one = await recordings();
  const file = await RecordingFile.create(one.all.shelf.placeOf(left));
  await file.write('{"version":2}\n');
  await file.close();
  one.database.answers = true;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await one.all.resume();
  expect(one.all.isRecorded('trm_1')).toBe(true);
  await vi.advanceTimersByTimeAsync(longestAwayMs - 1);
  expect(one.stored).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  vi.useRealTimers();
  await expect.poll(() => one.audited).toHaveLength(1);
  expect(one.stored).toMatchObject([{ ending: 'CUT_OFF', pieces: 1, sizeBytes: 14 }]);
  expect(one.audited).toMatchObject([
    { action: 'terminalRecording.end', parameters: { terminalId: 'trm_1', reason: 'CUT_OFF' } },
  ]);
  expect(one.all.isRecorded('trm_1')).toBe(false);
  expect(one.all.failureOf('trm_1'), 'should it come back, it is recorded anew').toBeUndefined();
});
