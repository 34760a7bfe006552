import { describe, expect, test } from 'vitest';
import { endOf, turnOf, type Target, type TargetState } from './turn.ts';

const targets = (...states: readonly TargetState[]): Target[] =>
  states.map((state, index) => ({
    serverId: `srv_${index}`,
    name: `web-${index}`,
    state,
    jobId: null,
    errorCode: state === 'failed' ? 'AGENT_OFFLINE' : null,
    errorMessage: state === 'failed' ? 'It is offline.' : null,
  }));

const rolling = { parallel: 2, onFailure: 'STOP' } as const;
const free = { cancelled: false, lost: false };

describe('what is next on many servers', () => {
  test('some at once, in their order, and no more while these run', () => {
    expect(turnOf(targets('waiting', 'waiting', 'waiting'), rolling, false).begin).toEqual([
      'srv_0',
      'srv_1',
    ]);
    expect(turnOf(targets('running', 'running', 'waiting'), rolling, false)).toEqual({
      begin: [],
      over: false,
    });
    expect(turnOf(targets('succeeded', 'running', 'waiting'), rolling, false).begin).toEqual(['srv_2']);
  });

  test.each(['failed', 'cancelled', 'interrupted'] as const)(
    'nothing after one that %s, where that stops it, and what runs is waited for',
    (state) => {
      expect(turnOf(targets(state, 'running', 'waiting'), rolling, false)).toEqual({
        begin: [],
        over: false,
      });
      expect(turnOf(targets(state, 'succeeded', 'waiting'), rolling, false)).toEqual({
        begin: [],
        over: true,
      });
      const on = { ...rolling, onFailure: 'CONTINUE' } as const;
      expect(turnOf(targets(state, 'running', 'waiting'), on, false).begin).toEqual(['srv_2']);
    },
  );

  test('nothing more once it is cancelled', () => {
    expect(turnOf(targets('running', 'waiting'), rolling, true)).toEqual({ begin: [], over: false });
    expect(turnOf(targets('cancelled', 'waiting'), rolling, true)).toEqual({ begin: [], over: true });
  });
});

describe('how it ends on many servers', () => {
  test('well only where it did on all of them', () => {
    expect(endOf(targets('succeeded', 'succeeded'), free)).toMatchObject({ state: 'succeeded', error: null });
  });

  test('by what went wrong first, with how many are left', () => {
    expect(endOf(targets('succeeded', 'failed', 'waiting'), free)).toMatchObject({
      state: 'failed',
      error: {
        code: 'AGENT_OFFLINE',
        message: 'It was done on 1 of 3 servers, and not begun on 1. web-1: It is offline.',
      },
      result: { targets: [{ state: 'succeeded' }, { state: 'failed' }, { state: 'skipped' }] },
    });
  });

  test('cancelled, unless all was done by then', () => {
    const cancelled = { cancelled: true, lost: false };
    expect(endOf(targets('succeeded', 'waiting'), cancelled).state).toBe('cancelled');
    expect(endOf(targets('succeeded', 'succeeded'), cancelled).state).toBe('succeeded');
  });

  test('interrupted where nobody knows any more what was to be done', () => {
    const lost = { cancelled: false, lost: true };
    expect(endOf(targets('succeeded', 'waiting'), lost)).toMatchObject({
      state: 'interrupted',
      error: { code: 'OUTCOME_UNKNOWN' },
    });
    expect(endOf(targets('succeeded', 'succeeded'), lost).state).toBe('succeeded');
  });
});
