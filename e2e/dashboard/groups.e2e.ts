import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

/** Many servers are put in order, found again and changed together. */
describeWith(['chromium'], 'groups of servers', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;

  beforeAll(async () => {
    dashboard = await openDashboard({}, async (client) => {
      for (const name of ['web-1', 'web-2', 'db-1']) {
        await client.query(
          'mutation ($name: String!) { createServer(input: { name: $name }) { server { id } } }',
          {
            name,
          },
        );
      }
    });
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
    await page.goto(`${plane.url}/servers`);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
  });

  const bar = () => page.getByRole('region', { name: 'What was chosen' });
  const tree = () => page.getByRole('navigation', { name: 'Groups' });
  const dialog = () => page.getByRole('dialog');
  /** Waits until exactly these servers are on show. */
  const shows = async (...names: string[]): Promise<void> => {
    await page.waitForFunction(
      (wanted) =>
        Array.from(
          document.querySelectorAll('[data-testid=server-row] a'),
          ({ textContent }) => textContent?.trim() ?? '',
        )
          .toSorted()
          .join() === wanted,
      names.toSorted().join(),
    );
  };
  const choose = async (...names: string[]): Promise<void> => {
    for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    await bar().getByText(`${names.length} chosen`).waitFor();
  };

  it('are made, one in the other', async () => {
    await shows('db-1', 'web-1', 'web-2');
    await page.getByRole('button', { name: 'New group' }).click();
    await dialog().getByLabel('Name').fill('Europe');
    await dialog().getByRole('radio', { name: 'Red' }).check();
    await dialog().getByRole('radio', { name: 'Globe' }).check();
    await dialog().getByRole('button', { name: 'New group' }).click();
    await tree().getByRole('button', { name: 'Europe 0', exact: true }).waitFor();

    await tree().getByRole('button', { name: 'Actions for Europe' }).click();
    await page.getByRole('menuitem', { name: 'New group inside' }).click();
    await dialog().getByLabel('Name').fill('Web');
    await dialog().getByRole('button', { name: 'New group' }).click();
    await tree().getByRole('button', { name: 'Web 0', exact: true }).waitFor();
  });

  it('take in servers, several at once', async () => {
    await choose('web-1', 'web-2');
    await bar().getByRole('button', { name: 'Move' }).click();
    await dialog().getByLabel('Group').selectOption({ label: '\u{2003}Web' });
    await dialog().getByRole('button', { name: 'Move' }).click();
    await tree().getByRole('button', { name: 'Web 2', exact: true }).waitFor();
    await tree().getByRole('button', { name: 'Europe 2', exact: true }).waitFor();
    await bar().waitFor({ state: 'detached' });
  });

  it('narrow the list, with the groups in them', async () => {
    await tree().getByRole('button', { name: 'Europe 2', exact: true }).click();
    await shows('web-1', 'web-2');
    await tree().getByRole('button', { name: 'Without a group 1' }).click();
    await shows('db-1');
    await tree().getByRole('button', { name: 'All servers 3' }).click();
    await shows('db-1', 'web-1', 'web-2');
  });

  it('and tags narrow it together, and the filter is kept', async () => {
    await choose('web-1', 'db-1');
    await bar().getByRole('button', { name: 'Tags' }).click();
    await dialog().getByLabel('Put on').fill('eu-west');
    await dialog().getByLabel('Put on').press('Enter');
    await dialog().getByRole('button', { name: 'Remove eu-west' }).waitFor();
    await dialog().getByRole('button', { name: 'Save' }).click();
    // The bar of what was chosen has a button of this name too, and goes once the tags are saved.
    await bar().waitFor({ state: 'detached' });
    await dialog().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Tags' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'eu-west' }).click();
    await page.keyboard.press('Escape');
    await shows('db-1', 'web-1');
    await tree().getByRole('button', { name: 'Web 2', exact: true }).click();
    await shows('web-1');
    await page.getByRole('button', { name: 'Saved filters' }).click();
    await page.getByRole('menuitem', { name: 'Save this filter' }).click();
    await dialog().getByLabel('Name').fill('western web');
    await dialog().getByRole('button', { name: 'Save' }).click();
    // Leaving the page before it is saved would take the request back.
    await dialog().waitFor({ state: 'detached' });

    await page.goto(`${plane.url}/servers`);
    await shows('db-1', 'web-1', 'web-2');
    await page.getByRole('button', { name: 'Saved filters' }).click();
    await page.getByRole('menuitem', { name: 'western web' }).click();
    await shows('web-1');
  });

  it('of what was chosen each says how it ended', async () => {
    await page.goto(`${plane.url}/servers`);
    await shows('db-1', 'web-1', 'web-2');
    await page.getByRole('checkbox', { name: 'Select all' }).check();
    await bar().getByRole('button', { name: 'Restart agents' }).click();
    const outcomes = page.getByTestId('bulk-outcomes').getByRole('listitem');
    await outcomes.first().waitFor();
    expect(await outcomes.count()).toBe(3);
    expect(await outcomes.first().textContent()).toContain('agent is offline');
    await page.keyboard.press('Escape');
    await page.getByTestId('bulk-outcomes').waitFor({ state: 'detached' });
  });

  it('leave their servers to the group above when they are deleted', async () => {
    await tree().getByRole('button', { name: 'Actions for Web' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Deleted the group Web.').waitFor();
    await tree().getByRole('button', { name: 'Europe 2', exact: true }).click();
    await shows('web-1', 'web-2');
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
