import { writeFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { browser, type TestBrowser, type TestPage } from '../../testing/browser.ts';
import { uniqueName } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { run } from '../../testing/processes.ts';
import { freshImage, registry, type Registry } from '../../testing/registry.ts';
import { tempDir } from '../../testing/tmp.ts';
import { addServer } from '../install/plane.ts';
import { jobRig, type JobRig } from '../jobs/rig.ts';
import { seriousProblems } from './axe.ts';
import { signIn } from './signed-in.ts';

/** Long work, as a person begins it, watches it and cancels it. */
describeWith(['docker', 'registry', 'chromium'], 'work on images in the dashboard', () => {
  let rig: JobRig;
  let hub: Registry;
  let chrome: TestBrowser;
  let tab: TestPage;
  let page: Page;
  const pulled: string[] = [];
  let release = (): void => undefined;

  beforeAll(async () => {
    [rig, hub, chrome] = await Promise.all([jobRig(), registry(), browser()]);
    await rig.startAgent();
    tab = await chrome.open();
    ({ page } = tab);
    await signIn(page, rig.plane);
  });
  afterEach(() => release());
  afterAll(async () => {
    await chrome?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
    for (const reference of pulled) await run('docker', ['rmi', '--force', reference]).catch(() => undefined);
  });

  async function begin(name: string): Promise<string> {
    const image = await freshImage();
    const reference = await hub.push(image, name);
    await run('docker', ['rmi', image]);
    pulled.push(reference);
    await page.goto(`${rig.plane.url}/docker/images`);
    await page.getByRole('button', { name: 'Pull', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Image').fill(reference);
    await dialog.getByRole('button', { name: 'Pull', exact: true }).click();
    return reference;
  }

  it('moves before one’s eyes, and its end is told with a link', async () => {
    release = hub.hold();
    const reference = await begin('team/shown:1');
    await page.getByRole('link', { name: 'It has begun. See how it goes on.' }).click();
    await page.locator('[data-testid=job][data-state=RUNNING]').waitFor();
    const bar = page.getByTestId('job-parts').getByRole('progressbar');
    const percent = async () => Number(await bar.first().getAttribute('aria-valuenow'));
    const before = await eventually(async () => (await percent()) || undefined, 'progress');
    await eventually(async () => (await percent()) > before, 'the progress to move');
    expect(await seriousProblems(page)).toEqual([]);
    release();
    // What is told goes away by itself after a few seconds.
    await Promise.all([
      page.locator('[data-testid=job][data-state=SUCCEEDED]').waitFor(),
      page.getByRole('link', { name: `Pull image ${reference}: Done` }).waitFor(),
    ]);
    await page.getByTestId('job-output').getByText('Pulling from team/shown').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-testid=job-line][data-state=SUCCEEDED]').first().waitFor();
    expect(tab.complaints).toEqual([]);
  });

  it('goes to all servers with a tag: who has it already first, then how far it is on each', async () => {
    const spare = await addServer(rig.admin, 'spare');
    for (const serverId of [rig.serverId, spare.serverId]) {
      await rig.admin.query(
        'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
        { input: { serverId, tags: ['shelf'] } },
      );
    }
    release = hub.hold();
    const image = await freshImage();
    const reference = await hub.push(image, 'team/many:1');
    await run('docker', ['rmi', image]);
    pulled.push(reference);
    const dialog = page.getByRole('dialog');
    const planned = (server: string, words: string) =>
      dialog.getByTestId('many-plans').locator(`[data-server=${server}]`).filter({ hasText: words });
    const ask = async () => {
      await page.getByRole('button', { name: 'More for images' }).click();
      await page.getByRole('menuitem', { name: 'Pull on several servers…' }).click();
      await dialog.getByLabel('Image').fill(reference);
      await dialog.getByRole('radio', { name: 'Tag' }).check();
      await dialog.getByRole('combobox', { name: 'Tag' }).selectOption('shelf');
      await planned(spare.serverId, 'Offline').waitFor();
    };
    await page.goto(`${rig.plane.url}/docker/images`);
    await ask();
    await planned(rig.serverId, 'Not there yet').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/image-pull-many.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Pull on 1 server', exact: true }).click();
    const target = page.getByTestId('job-targets').locator(`[data-server=${rig.serverId}]`);
    const bar = target.and(page.locator('[data-state=RUNNING]')).getByRole('progressbar');
    const percent = async () => Number(await bar.getAttribute('aria-valuenow'));
    const before = await eventually(async () => (await percent()) || undefined, 'progress on the server');
    await eventually(async () => (await percent()) > before, 'the progress on the server to move');
    expect(await seriousProblems(page)).toEqual([]);
    release();
    await target.and(page.locator('[data-state=SUCCEEDED]')).waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await ask();
    await planned(rig.serverId, 'There already; what is newer comes').waitFor();
    expect(tab.complaints).toEqual([]);
  });

  it('is cancelled, and no download is left running', async () => {
    release = hub.hold();
    await begin('team/unwanted:1');
    await page.getByRole('link', { name: 'It has begun. See how it goes on.' }).click();
    await eventually(() => hub.downloads > 0, 'a download to be open');
    await page.getByTestId('job').getByRole('button', { name: 'Cancel the job' }).click();
    const question = page.getByRole('dialog', { name: /^Cancel: / });
    await question.getByRole('button', { name: 'Cancel the job' }).click();
    await page.locator('[data-testid=job][data-state=CANCELLED]').waitFor();
    await eventually(() => hub.downloads === 0, 'the download to end');
    release();
  });

  it('and so are a build and a push; what the registry has that is newer is found, and pulled', async () => {
    const reference = `${hub.address}/team/made:1`;
    pulled.push(reference);
    const row = page.getByTestId('image-row').filter({ hasText: reference });
    const dialog = page.getByRole('dialog');
    const choose = async (menu: Locator, item: string) => {
      await menu.click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    const more = page.getByRole('button', { name: 'More for images' });
    const actions = row.getByRole('button', { name: /^Actions/ });
    const over = (text: string) => page.getByRole('link', { name: text }).waitFor();

    await page.goto(`${rig.plane.url}/docker/images`);
    await page.getByTestId('image-row').first().waitFor();
    await choose(more, 'Build…');
    await dialog.getByLabel('Name').fill(reference);
    await dialog.getByLabel('Dockerfile').fill(`FROM ${testImages.busybox}\nARG WHO\nENV WHO=$WHO`);
    await dialog.getByLabel('Values for ARG').fill('WHO=somebody');
    await dialog.getByRole('button', { name: 'Build', exact: true }).click();
    await over(`Build image ${reference}: Done`);
    expect(
      await run('docker', ['image', 'inspect', '--format', '{{json .Config.Env}}', reference]),
    ).toContain('WHO=somebody');

    await choose(actions, 'Push…');
    await dialog.getByRole('button', { name: 'Push', exact: true }).click();
    await over(`Push image ${reference}: Done`);

    const newer = await freshImage();
    await hub.push(newer, 'team/made:2');
    await run('docker', ['rmi', newer]);
    await hub.retag('team/made', '2', '1');
    await page.goto(`${rig.plane.url}/docker/images`);
    await row.waitFor();
    await choose(more, 'Look for newer images');
    await row.getByText('Newer available').waitFor();
    await choose(actions, 'Pull again');
    await over(`Pull image ${reference}: Done`);
    await row.getByText('Newer available').waitFor({ state: 'detached' });
    expect(tab.complaints).toEqual([]);
  });

  it('and so is a build from an archive; what is none is refused before anything begins', async () => {
    await using dir = await tempDir('sk-archive-');
    const reference = `${uniqueName()}:1`;
    pulled.push(reference);
    await writeFile(dir.file('Dockerfile'), `FROM ${testImages.busybox}\nCOPY copied /copied\n`);
    await writeFile(dir.file('copied'), 'from the archive');
    await run('tar', ['-czf', dir.file('context.tgz'), '-C', dir.path, 'Dockerfile', 'copied']);

    await page.goto(`${rig.plane.url}/docker/images`);
    await page.getByTestId('image-row').first().waitFor();
    await page.getByRole('button', { name: 'More for images' }).click();
    await page.getByRole('menuitem', { name: 'Build…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Build an image' });
    await dialog.getByLabel('Name', { exact: true }).fill(reference);
    await dialog.getByRole('radio', { name: 'From an archive' }).check();
    const file = dialog.getByLabel('Archive', { exact: true });
    const submit = dialog.getByRole('button', { name: 'Build', exact: true });
    await file.setInputFiles(dir.file('Dockerfile'));
    await submit.click();
    await dialog.getByRole('alert').getByText('This is no tar archive').waitFor();
    await file.setInputFiles(dir.file('context.tgz'));
    await submit.click();
    await page.getByRole('link', { name: `Build image ${reference}: Done` }).waitFor();
    const read = ['run', '--rm', '--network', 'none', reference, 'cat', '/copied'];
    expect(await run('docker', read)).toBe('from the archive');
  });
});
