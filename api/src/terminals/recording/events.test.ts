import { expect, test } from 'vitest';
import type { ContainerTerminalSubscription } from '../../generated/agent/graphql.ts';
import { withRecording } from './events.ts';
import { recordingFailed } from './recorder.ts';

type AgentEvent = ContainerTerminalSubscription['event'];

const nothing = { text: null, columns: null, rows: null, reason: null, exitCode: null, endsInMs: null };

/** A viewer of a terminal whose agent tells what it was given, and then is silent until it is left. */
function watched(...given: AgentEvent[]) {
  const left = Promise.withResolvers<IteratorResult<AgentEvent, undefined>>();
  const state = { recorded: true, failed: false, left: false, why: 'DISK_FULL' as const };
  const listeners = new Set<(terminalId: string) => void>();
  const events: AsyncIterableIterator<AgentEvent, undefined> = {
    next() {
      const value = given.shift();
      return value ? Promise.resolve({ done: false, value }) : left.promise;
    },
    return() {
      state.left = true;
      left.resolve({ done: true, value: undefined });
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const seen = withRecording(events, 'trm_1', {
    isRecorded: () => state.recorded,
    failureOf: () => (state.failed ? recordingFailed('') : undefined),
    whyEnded: () => (state.recorded ? null : state.why),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  });
  const tell = (): void => {
    for (const listener of listeners) listener('trm_1');
  };
  return { state, seen, tell, listeners };
}

test('who watches a terminal whose recording fails is told so at once, and shown nothing more, whatever its agent does', async () => {
  const one = watched();
  expect((await one.seen.next()).value).toMatchObject({ kind: 'RECORDING', recorded: true });
  const next = one.seen.next();
  one.state.failed = true;
  one.state.recorded = false;
  one.tell();
  expect((await next).value).toEqual({
    ...nothing,
    kind: 'ENDED',
    reason: 'UNRECORDED',
    recorded: null,
    recordingEnd: 'DISK_FULL',
  });
  expect(await one.seen.next()).toEqual({ done: true, value: undefined });
  expect(one.state.left).toBe(true);
  expect(one.listeners.size).toBe(0);
});

test('what waits to be shown as its recording fails is not', async () => {
  const one = watched({ ...nothing, kind: 'OUTPUT', text: 'unrecorded' });
  await one.seen.next();
  one.state.failed = true;
  expect((await one.seen.next()).value).toMatchObject({ kind: 'ENDED', reason: 'UNRECORDED' });
});

test('who watches one whose recording ends, and need not be, is told why, and goes on', async () => {
  const one = watched({ ...nothing, kind: 'OUTPUT', text: 'more' });
  await one.seen.next();
  one.state.recorded = false;
  one.tell();
  expect((await one.seen.next()).value).toMatchObject({
    kind: 'RECORDING',
    recorded: false,
    recordingEnd: 'DISK_FULL',
  });
  expect((await one.seen.next()).value).toMatchObject({ kind: 'OUTPUT', text: 'more' });
});
