import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uniqueName } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { loadImage } from '../faults/fleet.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { seriousProblems } from './axe.ts';
import { cancelled, untouched } from './questions.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

// An engine of its own: a clean-up is of all that nobody uses, and others have images on this host's.
describeWith(['docker', 'chromium', 'root'], 'images', () => {
  const undo = new AsyncDisposableStack();
  let engine: PrivateEngine;
  let dashboard: Dashboard;
  let page: Page;
  const [used, spare, old] = [uniqueName('used'), uniqueName('spare'), uniqueName('old')].map(
    (name) => `${name}:1`,
  );
  if (!used || !spare || !old) throw new Error('three names were made');

  beforeAll(async () => {
    engine = undo.use(await privateEngine());
    await engine.start();
    await loadImage(engine);
    dashboard = undo.use(await openDashboard());
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await engine.cli('create', '--name', 'keeper', testImages.busybox, 'true');
    for (const name of [used, spare, old]) {
      const id = (await engine.cli('create', testImages.busybox, name)).trim();
      await engine.cli('commit', '--change', `LABEL name=${name}`, id, name);
      await engine.cli('rm', id);
    }
    await engine.cli('create', '--name', 'web', used, 'true');
    const client = await dashboard.plane.signIn();
    const host = undo.use(await managedHost({ docker: engine.socket }));
    const { serverId, token } = await addServer(client, 'box');
    await host.register(dashboard.plane.url, token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
    await page.goto(`${dashboard.plane.url}/docker/images`);
  });
  afterAll(() => undo.disposeAsync());

  const row = (name: string) => page.getByTestId('image-row').filter({ hasText: name });
  const names = async (): Promise<string[]> =>
    (await engine.cli('images', '--format', '{{.Repository}}:{{.Tag}}')).trim().split('\n').toSorted();

  it('of all servers are listed with who uses them, as the docker command lists them', async () => {
    await row(used).getByRole('link', { name: 'web' }).waitFor();
    expect(await page.getByTestId('image-row').count()).toBe((await names()).length);
    await row(spare).getByText('Unused').waitFor();
    await page.getByRole('searchbox').fill(spare);
    await row(used).waitFor({ state: 'detached' });
    await page.getByRole('searchbox').fill('');
    await row(used).waitFor();
  });

  it('show what they are made of', async () => {
    await row(used).getByRole('button', { name: used, exact: true }).click();
    const details = page.getByTestId('image-details');
    await details.getByText('linux/amd64').waitFor();
    await details.getByRole('radio', { name: 'History' }).check();
    await details.getByRole('listitem').first().waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('are asked about before anything is done', async () => {
    const press = async (button: Locator, item: string): Promise<void> => {
      await button.click();
      await page.getByRole('menuitem', { name: item, exact: true }).click();
    };
    const more = page.getByRole('button', { name: 'More for images', exact: true });
    const actions = row(spare).getByRole('button', { name: /^Actions/ });
    const pull = page.getByRole('button', { name: 'Pull', exact: true });
    const before = await names();
    expect(await cancelled(page, 'Pull an image', () => pull.click())).toEqual(untouched);
    const push = cancelled(page, 'Push an image', () => press(actions, 'Push…'));
    expect(await push).toEqual(untouched);
    const text = cancelled(page, 'Build an image', () => press(more, 'Build…'));
    expect(await text).toEqual(untouched);
    const archive = cancelled(page, 'Build an image', async () => {
      await press(more, 'Build…');
      await page.getByRole('radio', { name: 'From an archive', exact: true }).check();
      await page.getByLabel('Archive', { exact: true }).waitFor();
    });
    expect(await archive).toEqual(untouched);
    const remove = cancelled(page, 'Remove 2 images?', async () => {
      for (const name of [spare, old]) await row(name).getByRole('checkbox').check();
      const bar = page.getByRole('region', { name: 'What was chosen', exact: true });
      await bar.getByRole('button', { name: 'Remove', exact: true }).click();
    });
    expect(await remove).toEqual(untouched);
    for (const name of [spare, old]) await row(name).getByRole('checkbox').uncheck();
    expect(await names()).toEqual(before);
  });

  it('that cannot be built say why where it is seen, below a form that is longer than the screen', async () => {
    const screen = page.viewportSize();
    if (!screen) throw new Error('the page has a size');
    await page.setViewportSize({ ...screen, height: 480 });
    await page.getByRole('button', { name: 'More for images', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Build…', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Build an image', exact: true });
    await dialog.getByRole('radio', { name: 'From an archive', exact: true }).check();
    await dialog.getByLabel('Name', { exact: true }).fill('team/app:1');
    const archive = { name: 'app.tar', mimeType: 'application/x-tar', buffer: Buffer.from('no archive') };
    await dialog.getByLabel('Archive', { exact: true }).setInputFiles(archive);
    await dialog.getByRole('button', { name: 'Build', exact: true }).click();
    const said = dialog.getByRole('alert').filter({ hasText: 'This is no tar archive' });
    await eventually(
      () =>
        said.evaluate((node) => {
          const { left, top, width, height } = node.getBoundingClientRect();
          return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }),
      'what is wrong to be seen',
    );
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.setViewportSize(screen);
  });

  it('get a further name', async () => {
    await row(spare)
      .getByRole('button', { name: /^Actions/ })
      .click();
    await page.getByRole('menuitem', { name: 'Tag…' }).click();
    await page.getByLabel('New name').fill('another/name:2');
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Tag' }).click();
    await page.getByText('It is called another/name:2 as well now.').waitFor();
    expect(await names()).toContain('another/name:2');
    const named = page
      .getByTestId('image-row')
      .locator('button[title*="another/name:2"]:not([aria-haspopup])');
    await named.waitFor();
    // What is done elsewhere shows as well.
    await engine.cli('rmi', 'another/name:2');
    await named.waitFor({ state: 'detached' });
  });

  it('that are in use are not removed, and say so', async () => {
    await row(used)
      .getByRole('button', { name: /^Actions/ })
      .click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('alert').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await names()).toContain(used);
  });

  it('that nobody uses are cleaned up: exactly those that were shown', async () => {
    const before = await names();
    await page.getByRole('button', { name: 'Clean up…' }).click();
    await page.getByRole('radio', { name: 'All unused' }).check();
    const preview = page.getByTestId('prune-preview').getByRole('listitem');
    await preview.first().waitFor();
    const shown = (await preview.locator('span:first-child').allTextContents()).toSorted();
    expect(shown).toEqual([spare, old].toSorted());
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Remove these' }).click();
    await page.getByText(/2 images removed/).waitFor();
    expect(await names()).toEqual(before.filter((name) => !shown.includes(name)));
    await row(spare).waitFor({ state: 'detached' });
    // Of the archive that was refused the browser itself complains.
    const refused = (complaint: string): boolean => complaint.includes('/files/build/');
    expect(dashboard.tab.complaints.filter((one) => !refused(one))).toEqual([]);
  });
});
