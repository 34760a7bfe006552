import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { signIn } from '../e2e/dashboard/signed-in.ts';
import { browser } from '../testing/browser.ts';
import { controlPlane } from '../testing/control-plane.ts';
import { startFleet } from './fleet.ts';
import { watchMainThread } from './main-thread.ts';
import type { Bench, Measurement } from './measurement.ts';

const servers = 1_000;
const watchedMs = 10_000;

/** Pages that show the whole fleet, and what is on them once it moves. */
const pages = [
  { name: 'overview', path: '/', ready: '[data-testid=server-card]' },
  { name: 'servers as a table', path: '/servers', ready: '[data-testid=server-row]' },
  { name: 'servers sorted by CPU', path: '/servers?sort=cpu&desc=1', ready: '[data-testid=server-row]' },
  { name: 'containers', path: '/docker/containers', ready: '[data-testid=container-row]' },
] as const;

/** The real dashboard in a real browser, over 1,000 servers of which each sends a sample a second. */
export const web: Bench = {
  name: 'web',
  async measure() {
    await using plane = await controlPlane({ limit: 120_000 });
    const client = await plane.signIn();
    await using _fleet = await startFleet(client, plane.url, servers, { sampleEveryMs: 1_000 });
    await using chrome = await browser();
    await using tab = await chrome.open();
    const { page } = tab;
    const scripts = gatherScripts(page);
    await signIn(page, plane);
    await page.locator('[data-testid=server-card]').first().waitFor();
    const results: Measurement[] = [
      { what: 'web: initial JS, gzip', value: (await scripts()) / 1024, unit: 'KB', atMost: 120 },
    ];
    for (const { name, path, ready } of pages) {
      await page.goto(plane.url + path);
      await page.locator(ready).first().waitFor();
      // What opening the page costs is another matter: the list, the trends, the first paint.
      await page.waitForTimeout(5_000);
      const { busyPercent, longTasks, longestTaskMs } = await watchMainThread(page, watchedMs);
      results.push({
        what: `web: main thread busy, ${name}, ${servers} servers at 1 Hz`,
        value: busyPercent,
        unit: '%',
        atMost: 30,
        baseline: `longest task ${longestTaskMs.toFixed(0)} ms, ${longTasks} over 50 ms`,
      });
    }
    if (tab.complaints.length > 0) throw new Error(tab.complaints.join('\n'));
    return results;
  },
};

/** Remembers the scripts that the page loads; answers their size in bytes as gzip makes them. */
function gatherScripts(page: Page): () => Promise<number> {
  const bodies: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (response.ok() && response.request().resourceType() === 'script') bodies.push(response.body());
  });
  return async () =>
    (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
}
