import type { Page } from 'playwright-core';
import { signIn } from '../e2e/dashboard/signed-in.ts';
import { browser } from '../testing/browser.ts';
import { controlPlane } from '../testing/control-plane.ts';
import { startFleet } from './fleet.ts';
import { watchMainThread } from './main-thread.ts';
import { quantile, type Bench, type Measurement } from './measurement.ts';

const row = '[data-testid=container-row]';
const watchedMs = 10_000;
const openings = 5;

/** The dashboard's lists of containers when there are many: how soon they are there, and what each change costs. */
export const containers: Bench = {
  name: 'containers',
  async measure() {
    return [
      ...(await crowd({ servers: 1, each: 500, path: (id) => `/servers/${id}/containers` })),
      ...(await crowd({ servers: 50, each: 100, path: () => '/docker/containers' })),
    ];
  },
};

interface Crowd {
  readonly servers: number;
  readonly each: number;
  readonly path: (serverId: string) => string;
}

async function crowd({ servers, each, path }: Crowd): Promise<Measurement[]> {
  const total = servers * each;
  // Ten changes a second, wherever they happen.
  const options = { sampleEveryMs: 10_000, containers: each, changeEveryMs: servers * 100 };
  await using plane = await controlPlane({ limit: 120_000 });
  await using fleet = await startFleet(await plane.signIn(), plane.url, servers, options);
  await using chrome = await browser();
  await using tab = await chrome.open();
  const { page } = tab;
  await signIn(page, plane);
  const address = plane.url + path(fleet.serverIds[0] ?? '');
  const paints: number[] = [];
  for (let n = 0; n < openings; n += 1) paints.push(await paint(page, address));
  // What opening the page costs is another matter.
  await page.waitForTimeout(2_000);
  const { busyPercent, longestTaskMs, longTasks } = await watchMainThread(page, watchedMs);
  if (tab.complaints.length > 0) throw new Error(tab.complaints.join('\n'));
  const changes = (10 * watchedMs) / 1_000;
  const where = `${total} containers on ${servers === 1 ? 'one server' : `${servers} servers`}`;
  return [
    {
      what: `${where}: from opening the list to its first rows, p50`,
      value: quantile(paints, 0.5),
      unit: 'ms',
      atMost: 1_000,
      baseline: `longest ${Math.max(...paints).toFixed(0)} ms`,
    },
    {
      what: `${where}: main thread per change, at 10 a second`,
      value: (busyPercent / 100) * (watchedMs / changes),
      unit: 'ms',
      atMost: 16,
      baseline: `longest task ${longestTaskMs.toFixed(0)} ms, ${longTasks} over 50 ms`,
    },
  ];
}

/** Milliseconds until the first row is in the page. */
async function paint(page: Page, address: string): Promise<number> {
  await page.goto('about:blank');
  const begun = performance.now();
  await page.goto(address, { waitUntil: 'commit' });
  await page.locator(row).first().waitFor();
  return performance.now() - begun;
}
