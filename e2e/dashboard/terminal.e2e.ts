import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { container, docker, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { seriousProblems } from './axe.ts';
import { cancelled, untouched } from './questions.ts';
import { openDashboard, raisedServer, type Dashboard } from './signed-in.ts';

describeWith(['docker', 'chromium'], 'a terminal in the browser', () => {
  let dashboard: Dashboard;
  let page: Page;
  let box: TestContainer;
  let address: string;

  beforeAll(async () => {
    box = await container({ command: ['sleep', '1000'] });
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const serverId = await raisedServer(dashboard.plane);
    address = `${dashboard.plane.url}/servers/${serverId}/containers/${box.id}?tab=terminal`;
    await page.goto(address);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
    await box?.[Symbol.asyncDispose]();
  });

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
  /** As the shell has it. */
  async function sttySize(): Promise<string> {
    const mark = Math.random().toString(36).slice(2, 8);
    await type(`echo ${mark}:$(stty size):`);
    const pattern = new RegExp(`${mark}:(\\d+ \\d+):`);
    await see(pattern);
    return pattern.exec(await shown())?.[1] ?? '';
  }

  it('runs what is typed', async () => {
    await page.getByRole('button', { name: 'Open terminal' }).click();
    await connected();
    await type('kept=$((40+2)); echo answer-$kept');
    await see(/answer-42/);
  });

  it('shows every colour, which the policy of the page allows as style set by script alone', async () => {
    await type(String.raw`printf '\033[48;2;1;2;3mdeep\033[0m-%s\n' end`);
    await see(/^deep-end/m);
    const deep = screen().locator('.xterm-rows span', { hasText: /^deep$/ });
    expect(await deep.evaluate((span) => getComputedStyle(span).backgroundColor)).toBe('rgb(1, 2, 3)');
  });

  it('is pasted into, and copied from', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate(() => navigator.clipboard.writeText('echo pasted-$kept'));
    await page.getByRole('button', { name: 'Paste', exact: true }).click();
    await see(/echo pasted-\$kept/);
    await screen().locator('textarea').focus();
    await page.keyboard.press('Enter');
    await see(/pasted-42/);
    const line = screen()
      .locator('.xterm-rows > div')
      .filter({ hasText: /^pasted-42/ });
    const place = await line.boundingBox();
    // A double click chooses the word under it.
    await page.mouse.dblclick((place?.x ?? 0) + 12, (place?.y ?? 0) + 6);
    await page.getByRole('button', { name: 'Copy what is selected', exact: true }).click();
    await eventually(
      async () => (await page.evaluate(() => navigator.clipboard.readText())) === 'pasted-42',
      'the word to be copied',
    );
  });

  it('follows the size of the window', async () => {
    await page.setViewportSize({ width: 1200, height: 800 });
    const rows = () => screen().locator('.xterm-rows > div').count();
    const wide = await eventually(async () => {
      const size = await sttySize();
      return size.startsWith(`${await rows()} `) && size;
    }, 'the size of the window');
    // As somebody pulls at its corner, and lets go.
    for (const height of [790, 650, 780, 640, 770, 630, 760, 620]) {
      await page.setViewportSize({ width: height + 100, height });
    }
    await page.setViewportSize({ width: 700, height: 600 });
    await eventually(async () => {
      const size = await sttySize();
      return size !== wide && size.startsWith(`${await rows()} `);
    }, 'the new size');
  });

  it('is found again, with its screen, when the page is loaded anew', async () => {
    await page.reload();
    await connected();
    await see(/answer-42/);
    await type('echo still-$kept');
    await see(/still-42/);
  });

  it('is joined from another page, which sees and types the same', async () => {
    // Signed in as well, and with no terminal of its own.
    const other = await page.context().newPage();
    await other.goto(address);
    const open = other.getByRole('region', { name: 'Open in this container', exact: true });
    await open.getByText(/1 viewer$/).waitFor();
    await open.getByRole('button', { name: 'Join', exact: true }).click();
    const rows = other.getByTestId('terminal').locator('.xterm-rows');
    const text = async () => (await rows.innerText()).replaceAll('\u00a0', ' ');
    await eventually(async () => (await text()).includes('still-42'), 'what was there before');
    await other.getByTestId('terminal').locator('textarea').focus();
    await other.keyboard.type('echo both-$kept');
    await other.keyboard.press('Enter');
    await eventually(async () => (await text()).includes('both-42'), 'the line where it was typed');
    await see(/both-42/);
    await other.close();
  });

  it('is closed with all that runs in it', async () => {
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByTestId('terminal-ended').getByText('This terminal was closed.').waitFor();
    await eventually(async () => {
      const left = await docker('top', box.id, '-eo', 'pid,args');
      return left.trim().split('\n').length === 2;
    }, 'the shell to be gone');
  });

  it('is recorded when it is asked for, for all to see, and played', async () => {
    await page.goto(address);
    await page.getByRole('checkbox', { name: 'Record this terminal' }).check();
    await page.getByRole('button', { name: 'Open terminal', exact: true }).click();
    await connected();
    await page.getByTestId('terminal-recorded').getByText('Recorded', { exact: true }).waitFor();
    await type('echo played-$((40+2))');
    await see(/played-42/);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByTestId('terminal-ended').getByText('This terminal was closed.').waitFor();
    const line = page.getByTestId('recording-line');
    await eventually(async () => {
      await page.goto(`${dashboard.plane.url}/audit/recordings`);
      await line.first().waitFor();
      return line.first().getByText('Complete', { exact: true }).isVisible();
    }, 'the end of the recording');
    await line
      .first()
      .getByRole('button', { name: /^Play the recording of / })
      .click();
    const player = page.getByTestId('recording-player');
    await player.and(page.locator('[data-state=ready]')).waitFor();
    await player.getByRole('button', { name: 'Play', exact: true }).waitFor();
    const rows = page.getByTestId('recording-screen').locator('.xterm-rows');
    const text = async () => (await rows.innerText()).replaceAll('\u00a0', ' ');
    await eventually(async () => /\nplayed-42/.test(await text()), 'what was shown');
    await player.getByRole('slider', { name: 'Position', exact: true }).fill('0');
    await eventually(async () => !(await text()).includes('played-42'), 'the beginning');
    expect(await seriousProblems(page)).toEqual([]);
    const remove = () => line.first().getByRole('button', { name: 'Delete recording', exact: true }).click();
    expect(await cancelled(page, 'Delete recording', remove)).toEqual(untouched);
    expect(await line.count()).toBe(1);
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
