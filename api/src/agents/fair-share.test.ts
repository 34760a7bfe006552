import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FairShare } from './fair-share.ts';

describe('the time that reading one link takes', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** A socket that is told what to do, and work that takes its time. */
  function watched() {
    const told: string[] = [];
    const fair = new FairShare({ pause: () => told.push('pause'), resume: () => told.push('resume') });
    const work = (ms: number) => fair.take(() => void vi.advanceTimersByTime(ms));
    return { told, work };
  }

  it('is its own up to half of ours, for however long', () => {
    const { told, work } = watched();
    for (let second = 0; second < 60; second += 1) {
      work(450);
      vi.advanceTimersByTime(550);
    }
    expect(told).toEqual([]);
  });

  it('beyond that makes it wait, until it has paid', () => {
    const { told, work } = watched();
    work(600);
    expect(told).toEqual(['pause']);
    vi.advanceTimersByTime(199);
    expect(told).toEqual(['pause']);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['pause', 'resume']);
  });

  it('never makes it wait for so long that it would look dead', () => {
    const { told, work } = watched();
    work(60_000);
    vi.advanceTimersByTime(2_000);
    expect(told).toEqual(['pause', 'resume']);
  });

  it('counts when the work fails', () => {
    const { told, work } = watched();
    const fair = new FairShare({ pause: () => told.push('pause'), resume: () => told.push('resume') });
    expect(() =>
      fair.take(() => {
        vi.advanceTimersByTime(600);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(told).toEqual(['pause']);
    work(1);
  });
});
