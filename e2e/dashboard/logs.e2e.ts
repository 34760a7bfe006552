import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { container, docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

describeWith(['docker', 'chromium'], 'the logs of two containers', () => {
  let dashboard: Dashboard;
  let page: Page;
  let boxes: TestContainer[] = [];
  const prefix = uniqueName('merged');

  beforeAll(async () => {
    // They speak in turn: each waits for its second of every two.
    const speaker = (parity: number, lines: string) =>
      container({
        name: `${prefix}-${parity}`,
        command: [
          'sh',
          '-c',
          `for n in 1 2 3; do while [ $(($(date +%s) % 2)) != ${parity} ]; do sleep 0.1; done; ${lines}; sleep 1.2; done; sleep 1000`,
        ],
      });
    boxes = await Promise.all([
      speaker(0, `echo "{\\"level\\":\\"error\\",\\"turn\\":$n}"`),
      speaker(1, 'echo "tick $n of the other"'),
    ]);
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ page } = dashboard.tab);
    const admin = await dashboard.plane.signIn();
    const serverId = await eventually(async () => {
      const { servers } = await admin.query<{ servers: { nodes: { id: string; status: string }[] } }>(
        '{ servers { nodes { id status } } }',
      );
      return servers.nodes.find(({ status }) => status === 'ONLINE')?.id ?? false;
    }, 'this machine to be online');
    const chosen = boxes.map(({ id }) => id).join(',');
    await page.goto(`${dashboard.plane.url}/servers/${serverId}/logs?container=${chosen}`);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
    for (const box of boxes) await box[Symbol.asyncDispose]();
  });

  const log = () => page.getByTestId('log-lines');
  /** The texts of the lines in sight, without the names before them. */
  const lines = async () => {
    const rows = await log().locator('[data-stream]').allInnerTexts();
    return rows.map((row) => row.split('\n').slice(1).join('\n').trim());
  };
  const show = (what: string, holds: (shown: readonly string[]) => boolean) =>
    eventually(async () => {
      const shown = await lines();
      if (holds(shown)) return true;
      throw new Error(JSON.stringify(shown));
    }, what);

  it('run into one, in the order of time', async () => {
    await show('all that both said', (shown) => shown.length === 6);
    const said = (await Promise.all(boxes.map(({ id }) => docker('logs', '--timestamps', id))))
      .flatMap((text) => text.trim().split('\n'))
      .toSorted()
      .map((line) => line.slice(line.indexOf(' ') + 1));
    expect(await lines()).toEqual(said);
  });

  it('are searched, from one match to the next and back', async () => {
    await page.getByRole('searchbox', { name: 'Search this log' }).fill('tick');
    const place = page.getByRole('region', { name: 'Logs' }).getByText(/^\d of 3$/);
    const step = async (button: string, at: string) => {
      await page.getByRole('button', { name: button }).click();
      await eventually(async () => (await place.innerText()) === at, at);
    };
    await page.getByRole('region', { name: 'Logs' }).getByText('3', { exact: true }).waitFor();
    await step('Next match', '1 of 3');
    await step('Next match', '2 of 3');
    await step('Previous match', '1 of 3');
    await page.getByRole('searchbox', { name: 'Search this log' }).fill('');
  });

  it('are searched by expression', async () => {
    await page.getByRole('button', { name: 'Regular expression' }).click();
    await page.getByRole('searchbox', { name: 'Search this log' }).fill('tick [13]');
    await page.getByRole('button', { name: 'Show only matching lines' }).click();
    await show('two lines', (shown) => shown.join() === 'tick 1 of the other,tick 3 of the other');
    await page.getByRole('button', { name: 'Show only matching lines' }).click();
    await page.getByRole('searchbox', { name: 'Search this log' }).fill('');
    await show('all lines', (shown) => shown.length === 6);
  });

  it('are filtered by the level their lines say, and JSON is spread', async () => {
    await page.getByLabel('Level').selectOption('error');
    await show('the errors', (shown) => shown.length === 3 && shown.every((line) => line.includes('turn')));
    await page.getByRole('button', { name: 'Spread JSON over several lines' }).click();
    await show('the JSON', (shown) => /^\{\s+"level": "error",\s+"turn": 1\s+\}$/.test(shown[0] ?? ''));
    await page.getByRole('button', { name: 'Spread JSON over several lines' }).click();
    await page.getByLabel('Level').selectOption('all');
  });

  it('are shown of a part of the time', async () => {
    await page.getByRole('button', { name: 'Choose a time' }).click();
    const said = await Promise.all(boxes.map(({ id }) => docker('logs', '--timestamps', id)));
    const times = said
      .flatMap((text) => text.trim().split('\n'))
      .toSorted()
      .map((line) => line.split(' ')[0] ?? '');
    const second = (time: string) => time.slice(0, '2020-01-01T00:00:00'.length);
    const fourth = times[3] ?? '';
    // Each speaks in its own second, unless the machine holds one up.
    const earlier = times.filter((time) => second(time) < second(fourth)).length;
    await page.getByLabel('From').fill('2020-01-01T00:00:00');
    await page.getByLabel('Until').fill(await page.evaluate(localSecond, fourth));
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await show('the lines before the fourth', (shown) => shown.length === earlier);
    await page.getByText('The log ended.').waitFor();
    await page.getByRole('button', { name: 'Up to now' }).click();
    await show('all lines', (shown) => shown.length === 6);
  });

  it('are saved as their server has them, in the order of time', async () => {
    await page.getByRole('button', { name: 'Save all that the servers have' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'All of it, as text' }).click(),
    ]);
    const saved = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    const said = (await Promise.all(boxes.map(({ id }) => docker('logs', '--timestamps', id))))
      .flatMap((text) => text.trim().split('\n'))
      .toSorted();
    const names = new RegExp(` (?:${boxes.map(({ name }) => name).join('|')}) `);
    expect(saved.map((line) => line.replace(names, ' '))).toEqual(said);
  });

  it('are opened from the list of all containers', async () => {
    await page.goto(`${dashboard.plane.url}/docker/containers?q=${prefix}`);
    for (const { name } of boxes) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    await page.getByRole('region', { name: 'What was chosen' }).getByRole('button', { name: 'Logs' }).click();
    await page.waitForURL(/\/docker\/logs\?container=/);
    await show('all that both said', (shown) => shown.length === 6);
    expect(dashboard.tab.complaints).toEqual([]);
  });
});

/** As a field takes it: in the browser's own time, to the second that a time is in. */
function localSecond(time: string): string {
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
