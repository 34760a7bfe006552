import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../testing/events.ts';
import { Session, type SessionTimes } from './session.ts';
import type { Screen } from './screen.ts';
import type { Size, TerminalEnded, TerminalEvent } from './terminal.ts';

const size = { columns: 80, rows: 24 };
const forever = new AbortController().signal;

/** A session of a shell that writes what it is told, on a screen that shows all of it. */
function session(
  times: Partial<SessionTimes> = {},
  resize: (size: Size) => Promise<void> = () => Promise.resolve(),
) {
  const output = new PassThrough();
  const ends: TerminalEnded[] = [];
  let shown = '';
  const screen: Screen = {
    write(text, tell) {
      shown += text;
      tell();
      return Promise.resolve();
    },
    resize: () => undefined,
    snapshot: () => shown,
  };
  const opened = new Session({
    id: 'terminal-1',
    place: 'container',
    containerId: 'box',
    privileged: false,
    actor: 'usr_test',
    size,
    screen,
    shell: {
      output,
      queued: () => 0,
      write: () => undefined,
      resize,
      exitCode: () => Promise.resolve(0),
      end: () => Promise.resolve(true),
    },
    times: { unseenMs: 60_000, idleMs: 600_000, warnMs: 60_000, ...times },
    onEnd: (ended) => ends.push(ended),
  });
  return { session: opened, output, ends };
}

afterEach(() => {
  vi.useRealTimers();
});

/** Everything that is written, once it is this much. */
async function textOf(
  { next }: { next: (signal: AbortSignal) => Promise<TerminalEvent> },
  length: number,
): Promise<string> {
  let text = '';
  while (text.length < length) {
    const event = await next(forever);
    if (event.kind === 'SCREEN') text = event.text;
    else if (event.kind === 'OUTPUT') text += event.text;
  }
  return text;
}

test('one who records it sees all of it, and counts as nobody who looks', async () => {
  const { session: terminal, output } = session();
  const recorder = terminal.record();
  const viewer = terminal.attach('usr_test');
  output.write('one two');
  expect(await textOf(viewer, 7)).toBe('one two');
  expect(await textOf(recorder, 7)).toBe('one two');
  expect(terminal.view().viewers).toBe(1);
  const other = terminal.record();
  expect(() => terminal.record()).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  other.leave();
  terminal.record().leave();
  await terminal.end('CLOSED');
  expect(await recorder.next(forever)).toEqual({ kind: 'ENDED', reason: 'CLOSED', exitCode: null });
});

test('one who records it and takes nothing holds nobody up, and goes on from a fresh screen', async () => {
  const { session: terminal, output } = session();
  const recorder = terminal.record();
  expect(await recorder.next(forever)).toMatchObject({ kind: 'SCREEN' });
  const viewer = terminal.attach('usr_test');
  const flood = 'x'.repeat(1024 * 1024);
  output.write(flood);
  expect(await textOf(viewer, flood.length)).toHaveLength(flood.length);
  expect(await recorder.next(forever)).toMatchObject({ kind: 'SCREEN' });
  await terminal.end('CLOSED');
});

test('nobody who looks is there as long as it is only recorded', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { session: terminal, ends } = session({ unseenMs: 60_000 });
  terminal.record();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ends).toMatchObject([{ reason: 'ABANDONED' }]);
});

test('one who comes late is told as well when it ends for want of typing', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { session: terminal } = session({ unseenMs: 600_000, idleMs: 100_000, warnMs: 60_000 });
  await vi.advanceTimersByTimeAsync(50_000);
  const late = terminal.attach('usr_late');
  expect(await late.next(forever)).toMatchObject({ kind: 'SCREEN' });
  expect(await late.next(forever)).toEqual({ kind: 'IDLE', endsInMs: 50_000 });
  terminal.write('x');
  expect(await late.next(forever)).toEqual({ kind: 'IDLE', endsInMs: null });
  const later = terminal.attach('usr_later');
  expect(await later.next(forever)).toMatchObject({ kind: 'SCREEN' });
  await terminal.end('CLOSED');
  expect(await later.next(forever)).toMatchObject({ kind: 'ENDED' });
});

test('a shell is told one size at a time, the newest in the end, and again what it did not take', async () => {
  const told: number[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const { session: terminal } = session({}, ({ columns }) => {
    told.push(columns);
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    return answer.promise;
  });
  const ask = (columns: number) => terminal.resize({ columns, rows: 24 }, 'usr_test');
  const asked = [ask(90), ask(91), ask(92)];
  await eventually(() => expect(told).toEqual([92]), 'the newest size to be told');
  answers[0]?.resolve();
  await Promise.all(asked);
  expect(told).toEqual([92]);

  const refused = ask(100);
  await eventually(() => expect(told).toEqual([92, 100]), 'the next one to be told');
  const back = ask(92);
  answers[1]?.reject(new Error('the engine is gone'));
  await expect(refused).rejects.toThrow('the engine is gone');
  // Nobody knows which it has.
  await eventually(() => expect(told).toEqual([92, 100, 92]), 'the first one to be told again');
  answers[2]?.resolve();
  await back;
  await terminal.end('CLOSED');
});
