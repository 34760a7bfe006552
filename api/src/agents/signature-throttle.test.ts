import { describe, expect, it } from 'vitest';
import { createSignatureThrottle } from './signature-throttle.ts';

describe('slowing down wrong signatures', () => {
  function throttle() {
    const clock = { now: 1_000_000 };
    const made = createSignatureThrottle(() => clock.now);
    const fail = (times: number, address = 'a', id = 'agt_1'): void => {
      for (let n = 0; n < times; n += 1) made.failed(address, id);
    };
    return { ...made, clock, fail };
  }

  it('lets a few mistakes pass, then waits longer each time, at most a minute', () => {
    const { blocked, clock, fail } = throttle();
    fail(5);
    expect(blocked('a', 'agt_1')).toBe(false);
    fail(1);
    expect(blocked('a', 'agt_1')).toBe(true);
    clock.now += 2_000;
    expect(blocked('a', 'agt_1')).toBe(false);
    fail(30);
    clock.now += 59_999;
    expect(blocked('a', 'agt_1')).toBe(true);
    clock.now += 1;
    expect(blocked('a', 'agt_1')).toBe(false);
  });

  it('is between one address and one id', () => {
    const { blocked, fail } = throttle();
    fail(10);
    expect(blocked('b', 'agt_1')).toBe(false);
    expect(blocked('a', 'agt_2')).toBe(false);
  });

  it('forgets when the right key speaks, and after ten minutes', () => {
    const { blocked, clock, fail, succeeded } = throttle();
    fail(6);
    succeeded('a', 'agt_1');
    expect(blocked('a', 'agt_1')).toBe(false);
    fail(5);
    expect(blocked('a', 'agt_1')).toBe(false);
    clock.now += 10 * 60_000;
    fail(5);
    expect(blocked('a', 'agt_1')).toBe(false);
  });

  it('remembers no more than ten thousand', () => {
    const { blocked, fail } = throttle();
    fail(10);
    for (let n = 0; n < 10_000; n += 1) fail(1, 'flood', `agt_${n}`);
    expect(blocked('a', 'agt_1')).toBe(false);
  });
});
