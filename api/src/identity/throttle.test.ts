import { describe, expect, test } from 'vitest';
import { isServerKitError } from '../errors.ts';
import { Throttle } from './throttle.ts';

function throttle(options: { maxKeys?: number } = {}) {
  const clock = { now: 10_000 };
  const it = new Throttle({
    free: 2,
    firstWaitMs: 1_000,
    longestWaitMs: 8_000,
    maxKeys: options.maxKeys ?? 100,
    now: () => clock.now,
  });
  const wait = (key: string): number => {
    try {
      it.attempt(key);
      return 0;
    } catch (error) {
      return isServerKitError(error, 'RATE_LIMITED')
        ? Number(error.details['retryAfterSeconds'])
        : Number.NaN;
    }
  };
  return { it, clock, wait };
}

describe('a throttle', () => {
  test('lets some tries through, then doubles the wait up to the longest', () => {
    const { clock, wait } = throttle();
    expect([wait('a'), wait('a')]).toEqual([0, 0]);
    const waits = [];
    for (let round = 0; round < 6; round++) {
      const seconds = wait('a');
      waits.push(seconds);
      clock.now += seconds * 1_000;
      expect(wait('a')).toBe(0);
    }
    expect(waits).toEqual([1, 2, 4, 8, 8, 8]);
  });

  test('is not prolonged by tries made while waiting', () => {
    const { clock, wait } = throttle();
    for (let guess = 0; guess < 50; guess++) wait('a');
    expect(wait('a')).toBe(1);
    clock.now += 1_000;
    expect(wait('a')).toBe(0);
  });

  test('keeps keys apart, and forgives one at success', () => {
    const { it, wait } = throttle();
    for (let guess = 0; guess < 3; guess++) wait('a');
    expect(wait('b')).toBe(0);
    it.forgive('a');
    expect(wait('a')).toBe(0);
  });

  test('takes back one honest try without forgetting the others', () => {
    const { it, wait } = throttle();
    wait('a');
    wait('a');
    it.refund('a');
    expect(wait('a')).toBe(0);
    expect(wait('a')).toBe(1);
  });

  test('forgives after a quiet time', () => {
    const { clock, wait } = throttle();
    for (let guess = 0; guess < 3; guess++) wait('a');
    clock.now += 60_000;
    expect([wait('a'), wait('a'), wait('a')]).toEqual([0, 0, 1]);
  });

  test('remembers a bounded number of keys', () => {
    const { it, wait } = throttle({ maxKeys: 3 });
    for (let key = 0; key < 1_000; key++) wait(`key ${key}`);
    expect(it.size).toBe(3);
  });
});
