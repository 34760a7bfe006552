import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { container, docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { describeWith } from '../../testing/parts.ts';
import { seriousProblems } from './axe.ts';
import { cancelled, untouched } from './questions.ts';
import { openDashboard, raisedServer, type Dashboard } from './signed-in.ts';

/** The same is done to several containers, and each says how it ended. */
describeWith(['docker', 'chromium'], 'several containers', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;
  let boxes: TestContainer[];

  beforeAll(async () => {
    boxes = await Promise.all([container({ options: ['--publish', '127.0.0.1::80'] }), container()]);
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await raisedServer(plane);
    await page.goto(`${plane.url}/docker/containers`);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
    for (const box of boxes ?? []) await box[Symbol.asyncDispose]();
  });

  const row = ({ id }: TestContainer) => page.locator(`[data-container="${id}"]`);
  const chooseAll = async (): Promise<void> => {
    for (const box of boxes) await row(box).getByRole('checkbox').check();
    await page.getByText('2 chosen').waitFor();
  };
  const bar = () => page.getByRole('region', { name: 'What was chosen' });

  it('has its published port as a link, in the table and on a phone', async () => {
    const [box] = boxes;
    if (!box) throw new Error('two containers were started');
    const [port = ''] = /\d+$/m.exec(await docker('port', box.id, '80/tcp')) ?? [];
    const link = row(box).getByRole('link', { name: `${port}→80`, exact: true });
    const href = new RegExp(`^http://(127\\.0\\.0\\.1|localhost):${port}$`);
    expect(await link.getAttribute('href')).toMatch(href);
    const { width = 0, height = 0 } = page.viewportSize() ?? {};
    await page.setViewportSize({ width: 375, height: 812 });
    await row(box).and(page.getByRole('listitem')).waitFor();
    // What it uses stands in the card as well, and leaves room for it.
    await row(box).getByText(/^CPU/).waitFor();
    expect((await link.boundingBox())?.width).toBeGreaterThan(20);
    expect(await link.getAttribute('href')).toMatch(href);
    await page.setViewportSize({ width, height });
  });

  it('are paused and go on together', async () => {
    await chooseAll();
    await bar().getByRole('button', { name: 'Pause' }).click();
    for (const box of boxes) await row(box).getByText('Paused').waitFor();
    await bar().waitFor({ state: 'detached' });
    await chooseAll();
    await bar().getByRole('button', { name: 'Resume' }).click();
    for (const box of boxes) await row(box).getByText('Running').waitFor();
    await bar().waitFor({ state: 'detached' });
  });

  it('one of them joins a network, and leaves it', async () => {
    const [, box] = boxes;
    if (!box) throw new Error('two containers were started');
    const name = uniqueName();
    await docker('network', 'create', name);
    try {
      await page.goto(`${plane.url}/docker/networks?q=${name}`);
      const actions = page.getByRole('button', { name: `Actions for ${name}`, exact: true });
      const dialog = page.getByRole('dialog');
      const create = page.getByRole('button', { name: 'Create', exact: true });
      expect(await cancelled(page, 'Create a network', () => create.click())).toEqual(untouched);
      const cleanUp = cancelled(page, 'Clean up networks', async () => {
        await page.getByRole('button', { name: 'Clean up…', exact: true }).click();
        await page.getByTestId('prune-preview').getByText(name, { exact: true }).waitFor();
      });
      expect(await cleanUp).toEqual(untouched);
      const remove = cancelled(page, `Remove the network ${name}?`, async () => {
        await actions.click();
        await page.getByRole('menuitem', { name: 'Remove…', exact: true }).click();
      });
      expect(await remove).toEqual(untouched);
      await actions.click();
      await page.getByRole('menuitem', { name: 'Connect a container…', exact: true }).click();
      await dialog.getByLabel('Container', { exact: true }).selectOption({ label: box.name });
      await dialog.getByLabel('Other names', { exact: true }).fill('shop');
      expect(await seriousProblems(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(
        JSON.parse(await docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', box.id)),
      ).toMatchObject({ [name]: { Aliases: expect.arrayContaining(['shop']) as unknown } });
      await page.locator('[data-entry]').getByRole('link', { name: box.name, exact: true }).waitFor();
      await actions.click();
      await page.getByRole('menuitem', { name: 'Inspect', exact: true }).click();
      await dialog.getByRole('button', { name: 'Disconnect', exact: true }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Disconnect', exact: true }).click();
      await dialog.getByText('Not in use', { exact: true }).waitFor();
      expect(await docker('network', 'inspect', '--format', '{{len .Containers}}', name)).toBe('0\n');
      await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
      await dialog.waitFor({ state: 'detached' });
    } finally {
      await docker('network', 'disconnect', '--force', name, box.id).catch(() => undefined);
      await docker('network', 'rm', name);
    }
    await page.goto(`${plane.url}/docker/containers`);
  });

  it('are removed as far as they may be, and the rest says why not', async () => {
    const [gone, kept] = boxes;
    if (!gone || !kept) throw new Error('two containers were started');
    await row(gone).getByRole('button', { name: /^Stop/ }).click();
    await row(gone)
      .getByRole('button', { name: /^Start/ })
      .waitFor();
    await chooseAll();
    const ask = () => bar().getByRole('button', { name: 'Remove' }).click();
    expect(await cancelled(page, 'Remove 2 containers?', ask)).toEqual(untouched);
    await ask();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    const outcomes = page.getByTestId('bulk-outcomes').getByRole('listitem');
    await outcomes.first().waitFor();
    expect(await outcomes.count()).toBe(2);
    expect(await outcomes.first().textContent()).toContain('Not done');
    expect(await seriousProblems(page)).toEqual([]);
    await row(gone).waitFor({ state: 'detached' });
    const left = await docker('ps', '-a', '--no-trunc', '--format', '{{.ID}}');
    expect(left).toContain(kept.id);
    expect(left).not.toContain(gone.id);
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
