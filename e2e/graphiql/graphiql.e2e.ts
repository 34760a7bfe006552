import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiToken } from '../../testing/api-token.ts';
import { browser, type TestBrowser } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { http } from '../../testing/http.ts';
import { describeWith } from '../../testing/parts.ts';
import { seriousProblems } from '../dashboard/axe.ts';
import { enterCredentials, signIn } from '../dashboard/signed-in.ts';

const screenshots = 'e2e/screenshots';

describeWith('chromium', 'GraphiQL', () => {
  let plane: ControlPlane;
  let chrome: TestBrowser;
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    chrome = await browser();
  });
  afterAll(async () => {
    await chrome?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
  });

  const answer = (page: Page) => page.locator('section.result-window');
  const play = (page: Page) => page.locator('button.graphiql-execute-button');

  /** Opens it as someone who is signed in, and waits until it knows the schema. */
  async function open(page: Page): Promise<void> {
    await signIn(page, plane);
    await page.goto(`${plane.url}/graphiql`);
    await play(page).waitFor();
    await page.waitForFunction(() => document.querySelector('.graphiql-spinner') === null);
  }

  /** Opens one of the examples in a tab of its own. */
  async function example(page: Page, title: string): Promise<void> {
    await page.getByRole('button', { name: 'Show Examples' }).click();
    await page.getByRole('button', { name: title }).click();
  }

  test('sends strangers to the sign-in page, and takes them back', async () => {
    const { status, headers } = await http(new URL('/graphiql', plane.url));
    expect([status, headers.location]).toEqual([303, '/sign-in?next=/graphiql']);
    await using tab = await chrome.open();
    await tab.page.goto(`${plane.url}/graphiql`);
    await enterCredentials(tab.page, plane.admin);
    await tab.page.waitForURL(`${plane.url}/graphiql`);
    await play(tab.page).waitFor();
  });

  test('runs a query, and a subscription that goes on until it is stopped', async () => {
    await using tab = await chrome.open();
    const { page, complaints } = tab;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).origin));
    await open(page);
    await play(page).click();
    await answer(page).getByText('"totalCount"').waitFor();

    await example(page, 'Live load of every server');
    await play(page).click();
    await answer(page).getByText('cpuPercent').first().waitFor();
    const before = await answer(page).textContent();
    await page.waitForFunction(
      (text) => document.querySelector('section.result-window')?.textContent !== text,
      before,
    );
    await page.locator('button.graphiql-execute-button[aria-label^="Stop"]').click();
    await page.locator('button.graphiql-execute-button[aria-label^="Execute"]').waitFor();

    expect(new Set(asked)).toEqual(new Set([plane.url]));
    expect(complaints).toEqual([]);
  });

  test('acts as a token that the Headers tab names, on both transports, and keeps none of it', async () => {
    const { secret } = await apiToken(await plane.signIn(), 'system:metrics:read');
    await using tab = await chrome.open();
    const { page } = tab;
    await open(page);
    await page.getByRole('button', { name: 'Headers' }).click();
    await page.locator('.graphiql-editor-tool .monaco-editor').last().click();
    await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${secret}` }));
    await play(page).click();
    await answer(page).getByText('PERMISSION_DENIED').waitFor();

    await page.locator('.graphiql-query-editor .monaco-editor').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('subscription Servers { serverEvents { kind } }');
    await play(page).click();
    await answer(page).getByText('serverEvents').waitFor();
    expect(await answer(page).textContent()).toContain('servers:read');

    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    expect(kept).not.toContain(secret);
  });

  for (const theme of ['light', 'dark'] as const) {
    test(`is accessible in the ${theme} theme, which is the dashboard's`, async () => {
      await using tab = await chrome.open({ colorScheme: theme, reducedMotion: 'reduce' });
      const { page } = tab;
      await open(page);
      await play(page).click();
      await answer(page).getByText('"totalCount"').waitFor();
      await example(page, 'Restart a container');
      await page.screenshot({ path: `${screenshots}/graphiql-${theme}-wide.png` });
      // Its tabs are buttons with a button to close them inside, since long ago; all else is as it must be.
      const found = await seriousProblems(page);
      expect(found.filter((problem) => !problem.startsWith('nested-interactive at li'))).toEqual([]);
      expect(tab.complaints).toEqual([]);
    });
  }
});

test('GraphiQL is not there when it is turned off', async () => {
  await using plane = await controlPlane({ env: { SERVERKIT_GRAPHIQL: 'off' } });
  for (const path of ['/graphiql', '/graphiql/index.html', '/graphiql/assets/x.js']) {
    expect((await http(new URL(path, plane.url))).status).toBe(404);
  }
});
