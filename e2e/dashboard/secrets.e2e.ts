import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../testing/parts.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

describeWith(['chromium'], 'a secret in the dashboard', () => {
  let dashboard: Dashboard;
  let page: Page;
  const [value, next] = ['hunter2-hunter2', 'correct-horse'];

  beforeAll(async () => {
    dashboard = await openDashboard();
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.goto(`${dashboard.plane.url}/settings/secrets`);
  });
  afterAll(() => dashboard?.[Symbol.asyncDispose]());

  const list = () => page.locator('main');
  const row = () => list().getByTestId('secret');
  const dialog = () => page.getByRole('dialog');
  const gone = () => dialog().waitFor({ state: 'detached' });
  const choose = async (action: string): Promise<void> => {
    await list().getByRole('button', { name: 'Actions for db_password', exact: true }).click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
    await dialog().waitFor();
  };

  it('is kept, and not shown again', async () => {
    await list().getByText('No secrets', { exact: true }).waitFor();
    await list().getByRole('button', { name: 'Add a secret', exact: true }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('db password');
    await dialog().getByLabel('What it is for', { exact: true }).fill('The shop');
    await dialog().getByLabel('Value', { exact: true }).fill(value);
    const save = dialog().getByRole('button', { name: 'Save', exact: true });
    // Every server gets it only where somebody says so.
    expect(await save.isDisabled()).toBe(true);
    await dialog().getByRole('radio', { name: 'Every server' }).check();
    await save.click();
    await dialog()
      .getByText(/must be 1 to 64 letters/)
      .waitFor();
    await dialog().getByLabel('Name', { exact: true }).fill('db_password');
    expect(await seriousProblems(page)).toEqual([]);
    await save.click();
    await gone();
    await row().getByText('db_password', { exact: true }).waitFor();
    await row().getByText('The shop', { exact: true }).waitFor();
    await row()
      .getByText(/for every server/)
      .waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    expect(await page.content()).not.toContain(value);
  });

  it('has its value replaced without being told the one before', async () => {
    await choose('Replace or change…');
    const field = dialog().getByLabel('Value', { exact: true });
    expect(await field.inputValue()).toBe('');
    await field.fill(next);
    await dialog().getByLabel('What it is for', { exact: true }).fill('The new shop');
    await dialog().getByRole('button', { name: 'Save', exact: true }).click();
    await gone();
    await row().getByText('The new shop', { exact: true }).waitFor();
    expect(await page.content()).not.toContain(next);
  });

  it('is gone when it is removed', async () => {
    await choose('Remove…');
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await row().waitFor({ state: 'detached' });
    await gone();
    await list().getByText('No secrets', { exact: true }).waitFor();
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
