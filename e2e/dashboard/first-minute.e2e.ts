import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browser, type TestBrowser, type TestPage } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container, docker } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { startProcess } from '../../testing/processes.ts';
import { busyBetween, ticks } from './proc-stat.ts';
import { signIn, watchRequests } from './signed-in.ts';

/** What the charts say, for those who do not see them. */
const cpuChart = '[role=img][aria-label^="CPU: "]';
const anyChart = '[role=img][aria-label]';
const said = (page: Page, charts: string): Promise<string> =>
  page.evaluate(
    (selector) =>
      Array.from(document.querySelectorAll(selector), (chart) => chart.getAttribute('aria-label')).join(),
    charts,
  );
const change = (page: Page, charts: string, before: string, timeout?: number) =>
  page.waitForFunction(
    ([selector, labels]) =>
      Array.from(document.querySelectorAll(selector ?? ''), (chart) =>
        chart.getAttribute('aria-label'),
      ).join() !== labels,
    [charts, before],
    timeout === undefined ? {} : { timeout },
  );

/** What is promised to be quick is tried again for so long: anything may hold up a machine once. Milliseconds. */
const patience = 60_000;

/**
 * What a newcomer sees after `npm start`: their own machine, live, and a real container that obeys. The control plane
 * starts the agent of this machine itself; nothing here talks to that agent but the product.
 */
describeWith(['docker', 'chromium'], 'the first minute', () => {
  let plane: ControlPlane;
  let chrome: TestBrowser;
  let tab: TestPage;
  let page: Page;

  beforeAll(async () => {
    plane = await controlPlane({ fromNothing: true, env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    chrome = await browser();
    tab = await chrome.open();
    page = tab.page;
    await signIn(page, plane);
  });
  afterAll(async () => {
    await tab?.[Symbol.asyncDispose]();
    await chrome?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
  });

  const openServer = async (): Promise<void> => {
    await page.goto(`${plane.url}/`);
    await page
      .getByRole('link', { name: /this server/i })
      .first()
      .click();
    await page.waitForURL(/\/servers\/srv_[a-z0-9]+$/);
    await page.getByRole('img', { name: /^CPU: / }).waitFor();
  };

  it('shows metrics that move, without an HTTP request after the first paint', async () => {
    await openServer();
    await page.getByRole('img', { name: /^CPU: CPU \d/ }).waitFor();
    await page.waitForFunction(() => document.querySelector('[aria-busy=true], .skeleton') === null);
    await page.waitForLoadState('networkidle');
    const requests = watchRequests(page);
    const seen = new Set<string>();
    const deadline = Date.now() + 60_000;
    while (seen.size < 4 && Date.now() < deadline) {
      // All of them: what is shown of the processors stands still on a machine that is busy throughout.
      const before = await said(page, anyChart);
      seen.add(before);
      await change(page, anyChart, before);
    }
    expect(seen.size).toBeGreaterThanOrEqual(4);
    expect(requests).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });

  /** Keeps every processor busy, and tells whether the dashboard said so, and rightly, within three seconds. */
  async function followsBusyLoop(): Promise<boolean> {
    await using loops = new AsyncDisposableStack();
    for (const index of cpus().keys())
      loops.use(startProcess('taskset', ['-c', String(index), process.execPath, '-e', 'for (;;) {}']));
    const deadline = performance.now() + 3_000;
    let from = ticks();
    while (performance.now() < deadline) {
      // Samples come once a second, so what lies between two changes is what the sample speaks of. What was at its end
      // before does not change.
      await change(page, cpuChart, await said(page, cpuChart), 1_200).catch(() => undefined);
      const to = ticks();
      const shown = Number(/(\d+(?:\.\d+)?)\s*%/.exec(await said(page, cpuChart))?.[1]);
      const measured = busyBetween(from, to);
      if (measured > 90 && Math.abs(shown - measured) <= 5) return performance.now() < deadline;
      from = to;
    }
    return false;
  }

  it('follows a busy loop within 3 seconds to within 5 points of /proc/stat', async () => {
    await openServer();
    await page.getByRole('img', { name: /^CPU: CPU \d/ }).waitFor();
    await eventually(followsBusyLoop, 'the busy loop to be shown', { limit: patience });
  });

  it('sees a container that the docker CLI started, stops it and starts it again', async () => {
    await openServer();
    await using box = await container();
    const row = page.getByTestId('container-row').filter({ hasText: box.name });
    await row.getByText('Running').waitFor();
    await row.getByRole('button', { name: `Stop ${box.name}` }).click();
    await row.getByRole('button', { name: `Start ${box.name}` }).waitFor();
    expect(await box.state()).toBe('exited');
    await row.getByRole('button', { name: `Start ${box.name}` }).click();
    await row.getByRole('button', { name: `Stop ${box.name}` }).waitFor();
    expect(await box.state()).toBe('running');
    await eventually(
      async () => {
        await docker('start', box.name);
        await row.getByRole('button', { name: `Stop ${box.name}` }).waitFor();
        await docker('stop', '--time', '0', box.name);
        const stopped = performance.now();
        await row.getByRole('button', { name: `Start ${box.name}` }).waitFor();
        return performance.now() - stopped < 1_000;
      },
      'what the docker command stops to be shown within a second',
      { limit: patience },
    );
    await docker('rm', '--force', box.name);
    await row.waitFor({ state: 'detached' });
  });

  it('shows a thousand lines of a log, equal to docker logs and in order', async () => {
    await openServer();
    await using box = await container({
      command: [
        'sh',
        '-c',
        'i=1; while [ $i -le 1000 ]; do echo "line $i of this log"; i=$((i+1)); done; sleep infinity',
      ],
    });
    await page.getByTestId('container-row').filter({ hasText: box.name }).getByRole('link').first().click();
    await page.waitForURL(/\/containers\/[0-9a-f]{64}/);
    await page.getByRole('main').getByRole('link', { name: 'Logs', exact: true }).click();
    await page.getByTestId('log-lines').getByText('line 1000 of this log').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as a file' }).click(),
    ]);
    const saved = await readFile(await download.path(), 'utf8');
    expect(saved).toBe(await docker('logs', '--timestamps', box.name));
    expect(saved.trimEnd().split('\n')).toHaveLength(1000);
    await docker('exec', box.name, 'sh', '-c', 'echo "and one more" > /proc/1/fd/1');
    await page.getByTestId('log-lines').getByText('and one more').waitFor();
  });
});
