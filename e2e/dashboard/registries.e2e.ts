import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { registry, type Registry } from '../../testing/registry.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, raisedServer, type Dashboard } from './signed-in.ts';

describeWith(['chromium', 'docker', 'registry'], 'credentials for a registry', () => {
  let dashboard: Dashboard;
  let page: Page;
  let hub: Registry;
  const secret = 'hunter2-hunter2';

  beforeAll(async () => {
    hub = await registry({ credentials: { username: 'ada', password: secret } });
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await raisedServer(dashboard.plane);
    await page.goto(`${dashboard.plane.url}/settings/registries`);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
  });

  const row = (host = 'ghcr.io') => page.getByTestId('registry').filter({ hasText: host });

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
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByLabel('Host').fill('ghcr.io');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row().getByText('ghcr.io', { exact: true }).waitFor();
    await row().getByText('for every server').waitFor();
    await dialog.waitFor({ state: 'detached' });
    expect(await seriousProblems(page)).toEqual([]);
    expect(await page.content()).not.toContain(secret);
  });

  it('are tried from a server, which says whether it is let in', async () => {
    await page.getByRole('button', { name: 'Add a registry', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Host', { exact: true }).fill(hub.address);
    await dialog.getByLabel('User name', { exact: true }).fill('ada');
    await dialog.getByLabel('Password or access token', { exact: true }).fill(secret);
    await dialog.getByRole('radio', { name: 'Every server' }).check();
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: `Actions for ${hub.address}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Test…', exact: true }).click();
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.getByText('It lets this server in.').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await dialog.waitFor({ state: 'detached' });
  });

  it('are forgotten when they are removed', async () => {
    await page.getByRole('button', { name: 'Actions for ghcr.io' }).click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await row().waitFor({ state: 'detached' });
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
