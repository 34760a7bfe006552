import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

/** The record of what was done, as the one who has to answer for it reads it. */
describeWith(['chromium'], 'the audit log', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;

  beforeAll(async () => {
    dashboard = await openDashboard({}, async (client) => {
      await client.query('mutation { createServer(input: { name: "web-1" }) { server { id } } }');
      await client.query('mutation { updateViewer(input: { name: "Grace" }) { viewer { user { id } } } }');
    });
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
  });

  const events = () => page.getByTestId('audit-event');

  it('is narrowed down by what happened, and the address of the page keeps it', async () => {
    await page.goto(`${plane.url}/audit`);
    await events().first().waitFor();
    await page.getByLabel('What').selectOption({ label: 'Servers' });
    await page.waitForURL(/action=server/);
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=audit-event]').length === 1);
    expect(await events().textContent()).toContain('web-1');
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll('[data-testid=audit-event]').length === 1);
  });

  it('tells all of one event beside the list', async () => {
    await events().first().click();
    const drawer = page.getByRole('dialog', { name: /Add server web-1/ });
    await drawer.getByText('server.create').waitFor();
    await drawer.getByText(/^evt_/).waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
  });

  it('is handed over as a file, with the filter of the page', async () => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export these events as' }).click();
    await page.getByRole('menuitem', { name: /NDJSON/ }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/\.ndjson$/);
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ action: 'server.create' }]);
  });

  it('is verified', async () => {
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Verify' }).click();
    const verdict = page.getByRole('dialog').filter({ has: page.getByTestId('verdict') });
    await verdict.locator('[data-testid=verdict][data-intact=true]').waitFor();
    await verdict.getByRole('button', { name: 'Close' }).last().click();
  });

  it('is kept for as long as it was told, with a word about what is lost', async () => {
    await page.goto(`${plane.url}/settings/installation`);
    const retention = page.getByRole('region', { name: 'Audit log' });
    const days = retention.getByRole('textbox');
    await days.fill('7');
    await retention.getByRole('button', { name: 'Save' }).click();
    await retention.getByRole('alert').waitFor();
    await days.fill('400');
    await retention.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
