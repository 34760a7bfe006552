import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

describeWith(['chromium'], 'credentials for a registry', () => {
  let dashboard: Dashboard;
  let page: Page;
  const secret = 'hunter2-hunter2';

  beforeAll(async () => {
    dashboard = await openDashboard();
    ({ page } = dashboard.tab);
    await page.goto(`${dashboard.plane.url}/settings/registries`);
  });
  afterAll(() => dashboard?.[Symbol.asyncDispose]());

  const row = () => page.getByTestId('registry');

  it('are kept, and not shown again', async () => {
    await page.getByText('No registries').waitFor();
    await page.getByRole('button', { name: 'Add a registry' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Host').fill('https://ghcr.io');
    await dialog.getByLabel('User name').fill('ada');
    await dialog.getByLabel('Password or access token').fill(secret);
    // Every server gets a password only where somebody says so.
    expect(await dialog.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await dialog.getByRole('radio', { name: 'Every server' }).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText(/without https/).waitFor();
    await dialog.getByLabel('Host').fill('ghcr.io');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row().getByText('ghcr.io', { exact: true }).waitFor();
    await row().getByText('for every server').waitFor();
    await dialog.waitFor({ state: 'detached' });
    expect(await seriousProblems(page)).toEqual([]);
    expect(await page.content()).not.toContain(secret);
  });

  it('are forgotten when they are removed', async () => {
    await page.getByRole('button', { name: 'Actions for ghcr.io' }).click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await row().waitFor({ state: 'detached' });
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
