import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

/** What a script signs in with, from its making to its end. */
describeWith(['chromium'], 'API tokens', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;
  let secret: string;

  beforeAll(async () => {
    dashboard = await openDashboard();
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
  });

  /** What a script gets that asks with the token: the answer's data, or its first code. */
  const ask = async (query: string): Promise<unknown> => {
    const response = await fetch(`${plane.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return response.json();
  };

  it('are made with as little as they need, and shown once', async () => {
    await page.goto(`${plane.url}/settings/tokens`);
    await page.getByText('No tokens yet').waitFor();
    await page.getByRole('link', { name: 'New token' }).first().click();
    await page.getByLabel('What is it for?').fill('nightly-report');
    await page.getByRole('button', { name: 'Create token' }).click();
    secret = (await page.getByTestId('token-secret').textContent()) ?? '';
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('list', { name: 'API tokens' }).getByText('nightly-report').waitFor();
    expect(await page.content()).not.toContain(secret);
  });

  it('do what they were made for, and nothing else', async () => {
    expect(await ask('{ servers { nodes { name } } }')).toEqual({ data: { servers: { nodes: [] } } });
    expect(await ask('{ users { nodes { name } } }')).toMatchObject({
      errors: [{ extensions: { code: 'PERMISSION_DENIED' } }],
    });
  });

  it('show that they were used, and from where', async () => {
    await page.reload();
    await page.getByText(/used .+ from (127\.0\.0\.1|::1)/).waitFor();
  });

  it('end at once when they are revoked', async () => {
    await page.getByRole('button', { name: 'Actions for nightly-report' }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('nightly-report was revoked.').waitFor();
    await page.getByText('No tokens yet').waitFor();
    expect(await ask('{ servers { nodes { name } } }')).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
