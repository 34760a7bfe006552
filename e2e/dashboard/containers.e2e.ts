import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { container, docker, type TestContainer } from '../../testing/docker.ts';
import { describeWith } from '../../testing/parts.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

/** The same is done to several containers, and each says how it ended. */
describeWith(['docker', 'chromium'], 'several containers', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;
  let boxes: TestContainer[];

  beforeAll(async () => {
    boxes = await Promise.all([container(), container()]);
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
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

  it('are removed as far as they may be, and the rest says why not', async () => {
    const [gone, kept] = boxes;
    if (!gone || !kept) throw new Error('two containers were started');
    await row(gone).getByRole('button', { name: /^Stop/ }).click();
    await row(gone)
      .getByRole('button', { name: /^Start/ })
      .waitFor();
    await chooseAll();
    await bar().getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    const outcomes = page.getByTestId('bulk-outcomes').getByRole('listitem');
    await outcomes.first().waitFor();
    expect(await outcomes.count()).toBe(2);
    expect(await outcomes.first().textContent()).toContain('Not done');
    await row(gone).waitFor({ state: 'detached' });
    const left = await docker('ps', '-a', '--no-trunc', '--format', '{{.ID}}');
    expect(left).toContain(kept.id);
    expect(left).not.toContain(gone.id);
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
