import type { Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds since the browser started. */
  readonly ts: number;
  /** Microseconds, wall clock. */
  readonly dur?: number;
  /** Microseconds of the processor, without what others took of it meanwhile. */
  readonly tdur?: number;
}

/** How busy the main thread of a page was while it was watched. */
export interface MainThread {
  /** 0–100: processor time of its tasks, of the time watched. */
  readonly busyPercent: number;
  /** Tasks of more than 50 ms, which a person notices when they click into one. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
}

/** Traces the page for `forMs` as Chromium's own profiler does, and adds up the tasks of its main thread. */
export async function watchMainThread(page: Page, forMs: number): Promise<MainThread> {
  const browser = page.context().browser();
  if (!browser) throw new Error('the page has no browser of its own');
  const marker = `bench ${Math.random()}`;
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing', '__metadata'] });
  await page.evaluate((name) => performance.mark(name), marker);
  await page.waitForTimeout(forMs);
  const buffer = await browser.stopTracing();
  const parse: (text: string) => { traceEvents: readonly TraceEvent[] } = JSON.parse;
  const { traceEvents } = parse(buffer.toString('utf8'));
  // The thread that set our mark is the main thread of our page; a browser has many.
  const ours = traceEvents.find(({ name }) => name === marker);
  if (!ours) throw new Error('the trace does not hold the page');
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid, ts }) =>
      ph === 'X' && name.endsWith('RunTask') && pid === ours.pid && tid === ours.tid && ts >= ours.ts,
  );
  if (tasks.length === 0) throw new Error('the trace holds no task of the page');
  const times = tasks.map(({ dur = 0, tdur = dur }) => tdur / 1000);
  return {
    busyPercent: (100 * times.reduce((sum, ms) => sum + ms, 0)) / forMs,
    longTasks: times.filter((ms) => ms > 50).length,
    longestTaskMs: Math.max(...times),
  };
}
