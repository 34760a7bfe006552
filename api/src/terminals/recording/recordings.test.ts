import { pino } from 'pino';
import { expect, test } from 'vitest';
import { tempDir } from '../../../../testing/tmp.ts';
import type { StreamSink } from '../../agents/link.ts';
import { vaultWith } from '../../secrets/vault.ts';
import { Recordings, type RecordingsOptions } from './recordings.ts';

const terminal = {
  id: 'trm_1',
  serverId: 'srv_1',
  place: 'container',
  privileged: false,
  actor: { kind: 'system', label: 'test' },
  target: { kind: 'container', id: 'box', name: 'web' },
} as const;

/** Recordings of one server, whose database answers nothing once a recording has begun, and whose agent closes nothing. */
async function recordings() {
  const dir = await tempDir('sk-recordings-');
  const vault = vaultWith(new Uint8Array(32).fill(7));
  const disk = { full: false };
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
        terminalRecording: { create: () => Promise.resolve({}), findUnique: never, updateMany: never },
        $transaction: never,
      },
    },
    audit: {},
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
    show: (text: string) => sinks.at(-1)?.next({ event: { kind: 'OUTPUT', text } }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('a terminal whose required recording fails is nobody’s at once, though neither database nor agent answer', async () => {
  await using one = await recordings();
  await one.all.begin(terminal, true);
  const told = Promise.withResolvers<string>();
  one.all.listen(told.resolve);
  one.disk.full = true;
  one.show('x'.repeat(40_000));
  expect(await told.promise).toBe('trm_1');
  expect(one.all.failureOf('trm_1')).toMatchObject({ code: 'RECORDING_FAILED' });
  await expect(
    one.all.admit('srv_1', 'trm_1', () => Promise.reject(new Error('not asked'))),
  ).rejects.toMatchObject({ code: 'RECORDING_FAILED' });
});
