import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

/** Keys are replaced from the dashboard, and nobody is locked out by it. */
describeWith(['docker', 'chromium'], 'keys', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;

  beforeAll(async () => {
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
  });

  it('of an agent are replaced, and it is there afterwards', async () => {
    await page
      .getByRole('link', { name: /this server/i })
      .first()
      .click();
    await page.waitForURL(/\/servers\/srv_[a-z0-9]+$/);
    await page.goto(`${page.url()}/settings`);
    const fingerprint = page.getByTestId('agent-fingerprint');
    const before = (await fingerprint.textContent()) ?? '';
    await page.getByRole('button', { name: 'Replace key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Replace key' }).click();
    await page.getByText('The agent has another key.').waitFor();
    // The change of the link has the key read once more, and the newest answer is shown.
    await fingerprint.filter({ hasNotText: before }).waitFor();
    await page.getByText('Online', { exact: true }).first().waitFor();
  });

  it('of the installation move on: what was announced is what signs', async () => {
    await page.goto(`${plane.url}/settings/installation`);
    const keys = page.getByRole('list', { name: 'Keys of this installation' });
    const announced = (await keys.getByRole('listitem').nth(1).locator('code').textContent()) ?? '';
    await page.getByRole('button', { name: 'Change key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Change key' }).click();
    await page.getByText('Signing with the next key now.').waitFor();
    await keys.getByRole('listitem').first().getByText(announced).waitFor();
    await page.getByText(/The private half of the recovery key/).waitFor();
  });

  it('are replaced by themselves every so many days', async () => {
    const schedule = page.getByRole('region', { name: 'Agents’ keys' });
    await schedule.getByLabel('Every … days').fill('30');
    await schedule.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('#key-schedule input')?.value === '30',
    );
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
