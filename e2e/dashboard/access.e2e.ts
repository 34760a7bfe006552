import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browser, type TestBrowser, type TestPage } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import { signIn } from './signed-in.ts';

const grace = { email: 'grace@example.com', password: 'nanoseconds of wire' };

/** Someone is let near some servers only, and sees so while they look. */
describeWith(['chromium'], 'access to some servers', () => {
  let plane: ControlPlane;
  let chrome: TestBrowser;
  let tab: TestPage;
  let guest: TestPage;
  let page: Page;

  beforeAll(async () => {
    plane = await controlPlane();
    const client = await plane.signIn();
    const ids: string[] = [];
    for (const name of ['web-1', 'web-2', 'db-1']) {
      const { createServer } = await client.query<{ createServer: { server: { id: string } } }>(
        'mutation ($name: String!) { createServer(input: { name: $name }) { server { id } } }',
        { name },
      );
      ids.push(createServer.server.id);
    }
    const { createServerGroup } = await client.query<{ createServerGroup: { group: { id: string } } }>(
      'mutation { createServerGroup(input: { name: "Web" }) { group { id } } }',
    );
    await client.query('mutation ($input: MoveServersInput!) { moveServers(input: $input) { ok } }', {
      input: { serverIds: ids.slice(0, 2), groupId: createServerGroup.group.id },
    });
    const { inviteUser } = await client.query<{ inviteUser: { link: string } }>(
      `mutation { inviteUser(input: { email: "${grace.email}", name: "Grace", role: OPERATOR }) { link } }`,
    );
    chrome = await browser();
    guest = await chrome.open();
    await guest.page.goto(inviteUser.link);
    await guest.page.getByLabel('Password').fill(grace.password);
    await guest.page.getByRole('button', { name: 'Create account' }).click();
    await guest.page.waitForURL(`${plane.url}/`);
    await guest.page.goto(`${plane.url}/servers`);
    tab = await chrome.open();
    page = tab.page;
    await signIn(page, plane);
    await page.goto(`${plane.url}/settings/users`);
    await page.getByRole('link', { name: 'Grace' }).first().click();
  });
  afterAll(async () => {
    await guest?.[Symbol.asyncDispose]();
    await tab?.[Symbol.asyncDispose]();
    await chrome?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
  });

  const dialog = () => page.getByRole('dialog');
  const grants = () => page.getByRole('list', { name: 'Access' });
  /** Waits until the guest sees exactly these servers, without reloading anything. */
  const guestSees = async (...names: string[]): Promise<void> => {
    await guest.page.waitForFunction(
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

  it('begins with none at all', async () => {
    await guestSees('db-1', 'web-1', 'web-2');
    const access = page.getByRole('region', { name: 'Access' });
    await access.getByRole('radio', { name: /Only where access is given/ }).check();
    await access.getByRole('button', { name: 'Save' }).click();
    await page.getByText('No server yet').waitFor();
    await guest.page.getByRole('heading', { name: 'No server to see yet' }).waitFor();
  });

  it('is given on a group, and holds for what is in it', async () => {
    await page.getByRole('button', { name: 'Give access' }).click();
    await dialog().getByRole('checkbox', { name: /^Web/ }).check();
    await dialog()
      .getByRole('radio', { name: /Operate containers/ })
      .check();
    await dialog().getByRole('button', { name: 'Give access' }).click();
    await grants().getByRole('link', { name: 'Web' }).waitFor();
    await grants().getByText('Operate containers').waitFor();
    await guest.page.getByRole('button', { name: 'Try again' }).click();
    await guestSees('web-1', 'web-2');
  });

  it('is seen and taken away where it holds', async () => {
    await grants().getByRole('link', { name: 'Web' }).click();
    await page.getByRole('button', { name: 'Actions for Web' }).click();
    await page.getByRole('menuitem', { name: 'Access' }).click();
    await dialog().getByRole('link', { name: 'Grace' }).waitFor();
    await dialog().getByRole('button', { name: 'Take away' }).click();
    const question = page.getByRole('dialog', { name: 'Take the access to Web away from Grace?' });
    await question.getByRole('button', { name: 'Take away' }).click();
    await page.getByText('The access was taken away.').waitFor();
    await guest.page.getByRole('heading', { name: 'No server to see yet' }).waitFor();
    expect(tab.complaints).toEqual([]);
    expect(guest.complaints).toEqual([]);
  });

  it('is given on one server, from its settings', async () => {
    await page.goto(`${plane.url}/servers`);
    await page.getByRole('link', { name: 'db-1' }).click();
    await page.waitForURL(/\/servers\/srv_[a-z0-9]+$/);
    await page.goto(`${page.url()}/settings`);
    await page.getByRole('button', { name: 'Give access' }).click();
    await dialog().getByLabel('Whom?').selectOption({ label: 'Grace' });
    await dialog().getByRole('button', { name: 'Give access' }).click();
    await grants().getByRole('link', { name: 'Grace' }).waitFor();
    await guest.page.getByRole('button', { name: 'Try again' }).click();
    await guestSees('db-1');
  });
});
