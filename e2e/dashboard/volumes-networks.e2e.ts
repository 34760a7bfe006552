import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { loadImage } from '../faults/fleet.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

// An engine of its own: a clean-up is of all that nobody uses, and others have volumes on this host's.
describeWith(['docker', 'chromium', 'root'], 'volumes and networks', () => {
  const undo = new AsyncDisposableStack();
  let engine: PrivateEngine;
  let dashboard: Dashboard;
  let page: Page;
  let serverId: string;

  beforeAll(async () => {
    mkdirSync('e2e/screenshots', { recursive: true });
    engine = undo.use(await privateEngine());
    await engine.start();
    await loadImage(engine);
    dashboard = undo.use(await openDashboard());
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    // Without a bridge of its own the engine can give containers no other network than this.
    await engine.cli('create', '--name', 'web', '--network', 'none', '-v', 'data:/data', testImages.busybox);
    await engine.cli('volume', 'create', 'spare');
    const client = await dashboard.plane.signIn();
    const host = undo.use(await managedHost({ docker: engine.socket }));
    const added = await addServer(client, 'box');
    ({ serverId } = added);
    await host.register(dashboard.plane.url, added.token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  });
  afterAll(() => undo.disposeAsync());

  const entry = (name: string) => page.locator('[data-entry]').filter({ hasText: name });
  const dialog = () => page.getByRole('dialog');
  const names = async (): Promise<string[]> =>
    (await engine.cli('volume', 'ls', '--quiet')).trim().split('\n').toSorted();

  it('of all servers are listed with who uses them', async () => {
    await page.goto(`${dashboard.plane.url}/docker/volumes`);
    await entry('data').getByRole('link', { name: 'web' }).waitFor();
    await entry('spare').getByText('Not in use').waitFor();
    await page.getByRole('button', { name: 'Measure sizes' }).click();
    await page.getByRole('columnheader', { name: 'Size' }).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/docker-volumes-filled.png' });
    await page.getByRole('button', { name: 'Use', exact: true }).click();
    await page.getByRole('menuitemcheckbox', { name: 'In use', exact: true }).click();
    await entry('spare').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.waitForURL(/use=USED/);
  });

  it('are made as a tab of their server, and told of', async () => {
    await page.goto(`${dashboard.plane.url}/servers/${serverId}/volumes`);
    await entry('spare').waitFor();
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Name').fill('made-here');
    await dialog().getByLabel('Labels').fill('colour=blue');
    await page.screenshot({ path: 'e2e/screenshots/docker-volumes-create.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Create' }).click();
    await dialog().waitFor({ state: 'detached' });
    await entry('made-here').getByRole('button', { name: 'made-here', exact: true }).click();
    await page.getByTestId('volume-details').getByText('colour=blue').waitFor();
    await dialog().getByRole('radio', { name: 'JSON', exact: true }).check();
    const told: unknown = JSON.parse((await dialog().getByTestId('inspect').textContent()) ?? '');
    expect(told).toMatchObject({ name: 'made-here', scope: 'local' });
    await dialog().getByRole('radio', { name: 'Tree', exact: true }).check();
    await dialog().getByTestId('inspect').getByText('"made-here"', { exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await dialog().waitFor({ state: 'detached' });
    expect(await engine.cli('volume', 'inspect', '--format', '{{.Labels.colour}}', 'made-here')).toBe(
      'blue\n',
    );
    await page.getByRole('button', { name: 'Measure sizes' }).click();
    await page.getByRole('columnheader', { name: 'Size' }).waitFor();
  });

  it('that are in use are not removed, and say so', async () => {
    await page.getByRole('button', { name: 'Actions for data' }).click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await dialog().getByRole('alert').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().waitFor({ state: 'detached' });
    expect(await names()).toContain('data');
  });

  it('that nobody uses are cleaned up: exactly those that were shown', async () => {
    await page.getByRole('button', { name: 'Clean up…' }).click();
    await dialog().getByText('There is nothing to remove.').waitFor();
    await dialog().getByLabel('Those that were given a name as well').check();
    const preview = page.getByTestId('prune-preview').getByRole('listitem');
    await preview.first().waitFor();
    const shown = (await preview.locator('span:first-child').allTextContents()).toSorted();
    expect(shown).toEqual(['made-here', 'spare']);
    expect(await seriousProblems(page)).toEqual([]);
    await engine.cli('volume', 'create', 'newcomer');
    await dialog().getByRole('button', { name: 'Remove all of these' }).click();
    await page.getByText(/2 volumes removed/).waitFor();
    expect(await names()).toEqual(['data', 'newcomer']);
  });

  it('of networks the engine’s own are marked, and cannot be removed', async () => {
    await page.goto(`${dashboard.plane.url}/docker/networks`);
    await entry('host').getByText('Docker’s own').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/docker-networks-filled.png' });
    await page.getByRole('button', { name: 'Actions for none' }).click();
    await page.getByRole('menuitem', { name: 'Inspect' }).waitFor();
    expect(await page.getByRole('menuitem', { name: 'Remove…' }).count()).toBe(0);
    await page.getByRole('menuitem', { name: 'Inspect' }).click();
    await page.getByTestId('network-details').getByRole('link', { name: 'web' }).waitFor();
    await dialog().locator('dt:text-is("IPv6") + dd:text-is("no")').waitFor();
    await dialog().getByRole('radio', { name: 'Tree', exact: true }).check();
    await dialog().getByTestId('inspect').getByText('"none"', { exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    expect(dashboard.tab.complaints).toEqual([]);
  });

  it('tell what happens to them as it happens', async () => {
    await page.goto(`${dashboard.plane.url}/docker/events`);
    const event = page.getByTestId('docker-event');
    await engine.cli('volume', 'create', 'watched');
    await event.filter({ hasText: 'watched' }).getByText('create').waitFor();
    await engine.cli('volume', 'rm', 'watched');
    await event.filter({ hasText: 'watched' }).getByText('destroy').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/docker-events-filled.png' });
    await page.getByRole('searchbox').fill('watched destroy');
    await event.getByText('create', { exact: true }).first().waitFor({ state: 'detached' });
    expect(await event.count()).toBe(1);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: 'e2e/screenshots/docker-events-phone.png' });
    await page.goto(`${dashboard.plane.url}/servers/${serverId}/volumes`);
    await entry('data').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/docker-volumes-phone.png' });
    await engine.cli('volume', 'create', 'from-the-shell');
    await entry('from-the-shell').waitFor();
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
