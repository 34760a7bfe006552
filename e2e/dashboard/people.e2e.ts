import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import { codeOf } from './authenticator.ts';
import { enterCredentials, openDashboard, signIn, type Dashboard } from './signed-in.ts';

const grace = { email: 'grace@example.com', password: 'nanoseconds of wire' };

/** How people come, go, and prove who they are, as they see it. */
describeWith(['chromium'], 'people', () => {
  let dashboard: Dashboard;
  let plane: ControlPlane;
  let page: Page;

  beforeAll(async () => {
    dashboard = await openDashboard();
    ({ plane } = dashboard);
    ({ page } = dashboard.tab);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
  });

  const shownLink = async (): Promise<string> => {
    const link = (await page.getByTestId('one-time-link').textContent()) ?? '';
    await page.getByRole('button', { name: 'Done' }).click();
    return link;
  };

  it('come by a link that works once', async () => {
    await page.goto(`${plane.url}/settings/users`);
    await page.getByRole('button', { name: 'Invite someone' }).click();
    await page.getByLabel('E-mail address').fill(grace.email);
    await page.getByLabel('Name').fill('Grace');
    await page.getByRole('button', { name: 'Make the link' }).click();
    const link = await shownLink();
    await page.getByRole('list', { name: 'Invitations' }).getByText(grace.email).waitFor();

    await using guest = await dashboard.chrome.open();
    await guest.page.goto(link);
    expect(await guest.page.getByLabel('Name').inputValue()).toBe('Grace');
    await guest.page.getByLabel('Password').fill(grace.password);
    await guest.page.getByRole('button', { name: 'Create account' }).click();
    await guest.page.waitForURL(`${plane.url}/`);
    expect(guest.complaints).toEqual([]);

    await using late = await dashboard.chrome.open();
    await late.page.goto(link);
    await late.page.getByRole('heading', { name: 'This link does not work' }).waitFor();
  });

  it('see what they may see, without errors, and are offered nothing else', async () => {
    await using guest = await dashboard.chrome.open();
    await signIn(guest.page, plane, grace);
    await guest.page.getByText('No servers yet').waitFor();
    const nav = guest.page.getByRole('navigation', { name: 'Main navigation' });
    await nav.getByRole('link', { name: 'Servers' }).waitFor();
    expect(await nav.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    expect(await guest.page.getByRole('link', { name: 'Add server' }).count()).toBe(0);
    await guest.page.goto(`${plane.url}/settings`);
    await guest.page.getByRole('heading', { name: 'Settings' }).waitFor();
    expect(await guest.page.getByRole('main').getByRole('link', { name: 'Users' }).count()).toBe(0);
    expect(guest.complaints).toEqual([]);
  });

  it('turn on a second factor, and sign in with a code or a recovery code', async () => {
    await using guest = await dashboard.chrome.open();
    await signIn(guest.page, plane, grace);
    await guest.page.goto(`${plane.url}/settings/security`);
    await guest.page.getByRole('button', { name: 'Turn on' }).click();
    await guest.page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    const secret = (await guest.page.getByTestId('totp-secret').textContent()) ?? '';
    await guest.page.getByLabel('Code that the app shows now').fill(codeOf(secret));
    await guest.page.getByRole('dialog').getByRole('button', { name: 'Turn on' }).click();
    const list = guest.page.getByTestId('recovery-codes').getByRole('listitem');
    await list.first().waitFor();
    const codes = await list.allTextContents();
    expect(codes).toHaveLength(10);
    await guest.page.getByLabel('I have kept them in a safe place').check();
    await guest.page.getByRole('button', { name: 'Done' }).click();
    await guest.page.getByText('10 recovery codes left').waitFor();

    await using again = await dashboard.chrome.open();
    await again.page.goto(`${plane.url}/sign-in`);
    await enterCredentials(again.page, grace);
    await again.page.getByLabel('Code').fill('000000');
    await again.page.getByRole('button', { name: 'Continue' }).click();
    await again.page.getByRole('alert').waitFor();
    await again.page.getByLabel('Code').fill(codes[0] ?? '');
    await again.page.getByRole('button', { name: 'Continue' }).click();
    await again.page.waitForURL(`${plane.url}/`);
    expect(again.complaints).toEqual([]);
  });

  it('who lost both are let in again by an administrator', async () => {
    await page.goto(`${plane.url}/settings/users`);
    await page.getByRole('link', { name: 'Grace' }).first().click();
    await page.getByRole('button', { name: 'Reset second factor' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset second factor' }).click();
    await page.getByText('The second factor was turned off.').waitFor();
    await page.getByRole('button', { name: 'Reset password' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset password' }).click();
    const link = await shownLink();

    await using guest = await dashboard.chrome.open();
    await guest.page.goto(link);
    grace.password = 'another nanosecond of wire';
    await guest.page.getByLabel('New password').fill(grace.password);
    await guest.page.getByRole('button', { name: 'Set password' }).click();
    await guest.page.getByText('The password is set.').waitFor();
    expect(await guest.page.getByLabel('E-mail address').inputValue()).toBe(grace.email);
    await enterCredentials(guest.page, grace);
    await guest.page.waitForURL(`${plane.url}/`);
    expect(guest.complaints).toEqual([]);
  });

  it('who are disabled are out at once', async () => {
    await using guest = await dashboard.chrome.open();
    await signIn(guest.page, plane, grace);
    await page.goto(`${plane.url}/settings/users`);
    await page.getByRole('link', { name: 'Grace' }).first().click();
    await page.getByRole('button', { name: 'Disable account' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable account' }).click();
    await page.getByText('Grace can no longer sign in.').waitFor();
    // Sooner than rights are looked at again by themselves, which is every 30 seconds.
    await guest.page.waitForURL(/\/sign-in/, { timeout: 25_000 });
    await page.getByRole('button', { name: 'Enable account' }).click();
    await page.getByText('Grace can sign in again.').waitFor();
  });

  it('are asked for their password before a sensitive change, which then goes on by itself', async () => {
    // Fifteen minutes are not waited for: the API's answer of then is given once, everything after it is real.
    let stale = true;
    await page.route('**/graphql', async (route) => {
      if (!stale || !route.request().postData()?.includes('inviteUser')) return route.continue();
      stale = false;
      await route.fulfill({
        json: { data: null, errors: [{ message: '', extensions: { code: 'FRESH_SIGN_IN_REQUIRED' } }] },
      });
    });
    await page.goto(`${plane.url}/settings/users`);
    await page.getByRole('button', { name: 'Invite someone' }).click();
    await page.getByLabel('E-mail address').fill('ada@example.com');
    await page.getByRole('button', { name: 'Make the link' }).click();
    const question = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await question.getByLabel('Password').fill('not the password');
    await question.getByRole('button', { name: 'Confirm' }).click();
    await question.getByRole('alert').waitFor();
    await question.getByLabel('Password').fill(plane.admin.password);
    await question.getByRole('button', { name: 'Confirm' }).click();
    expect(await shownLink()).toContain('/invitation#');
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
