import { userInfo } from 'node:os';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

/** A shell on a server itself, with the agent as it is shipped. */
describeWith(['chromium'], 'a shell in the browser', () => {
  const undo = new AsyncDisposableStack();
  let dashboard: Dashboard;
  let page: Page;
  let address: (server: string) => string;
  const servers: Record<string, string> = {};

  beforeAll(async () => {
    dashboard = undo.use(await openDashboard());
    ({ page } = dashboard.tab);
    address = (server) => `${dashboard.plane.url}/servers/${servers[server]}/shell`;
    const client = await dashboard.plane.signIn();
    for (const [name, config] of [
      ['open', ['features: { shell: true }', `shell: { account: ${userInfo().username} }`]],
      ['shut', []],
    ] as const) {
      const host = undo.use(await managedHost({ config }));
      const { serverId, token } = await addServer(client, name, 'FULL_ACCESS');
      servers[name] = serverId;
      await host.register(dashboard.plane.url, token);
      await host.start();
      await untilStatus(client, serverId, 'ONLINE');
    }
  });
  afterAll(() => undo.disposeAsync());

  const screen = () => page.getByTestId('terminal');
  const connected = () => page.getByTestId('terminal-state').getByText('Connected').waitFor();
  /** What is on the screen. The rows of xterm.js hold non-breaking spaces. */
  const shown = async () => (await screen().locator('.xterm-rows').innerText()).replaceAll('\u00a0', ' ');
  const see = (pattern: RegExp) => eventually(async () => pattern.test(await shown()), String(pattern));
  async function type(text: string): Promise<void> {
    await screen().locator('textarea').focus();
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  }

  it('where the host has it switched off, says what to do', async () => {
    await page.goto(address('shut'));
    await page.getByRole('button', { name: 'Open terminal', exact: true }).click();
    await page.getByText('features.shell: true').waitFor();
  });

  it('runs what is typed, on the server itself, as large as its place on the page', async () => {
    await page.goto(address('open'));
    await page.getByRole('button', { name: 'Open terminal', exact: true }).click();
    await connected();
    // It may be fitted more than once: asked until what the shell was told is what is on the page.
    let asked = 0;
    await eventually(async () => {
      asked += 1;
      await type(`kept=$((40+2)); echo "size-${asked}-$(stty size)-"`);
      const told = new RegExp(`size-${asked}-(\\d+) \\d+-`);
      await see(told);
      const rows = Number(told.exec(await shown())?.[1]);
      return rows !== 24 && rows === (await screen().locator('.xterm-rows > div').count());
    }, 'the size of the place');
  });

  it('is found again, with its screen, when the page is loaded anew', async () => {
    await page.reload();
    await connected();
    await see(/size-\d+-\d+ \d+-/);
    await type('echo "still-$kept"');
    await see(/still-42/);
    expect(await seriousProblems(page)).toEqual([]);
  });

  it('is closed with all that runs in it', async () => {
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByTestId('terminal-ended').getByText('This terminal was closed.').waitFor();
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
