import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { container, type TestContainer } from '../../testing/docker.ts';
import { describeWith } from '../../testing/parts.ts';
import { tempDir } from '../../testing/tmp.ts';
import { seriousProblems } from './axe.ts';
import { enterCredentials, openDashboard, raisedServer, type Dashboard } from './signed-in.ts';

describeWith(['docker', 'chromium'], 'files of a container in the browser', () => {
  let dashboard: Dashboard;
  let page: Page;
  let box: TestContainer;

  beforeAll(async () => {
    mkdirSync('e2e/screenshots', { recursive: true });
    box = await container({ command: ['sleep', '1000'] });
    await box.exec('sh', '-c', 'mkdir -p /data/inner && head -c 3000000 /dev/urandom >/data/inner/random');
    dashboard = await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    ({ page } = dashboard.tab);
    const serverId = await raisedServer(dashboard.plane);
    await page.goto(`${dashboard.plane.url}/servers/${serverId}/containers/${box.id}?tab=files&path=%2Fdata`);
  });
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
    await box?.[Symbol.asyncDispose]();
  });

  it('are found folder by folder, and saved as they are', async () => {
    await page
      .getByRole('list', { name: 'Files in /data', exact: true })
      .getByRole('link', { name: 'inner', exact: true })
      .click();
    const line = page.getByRole('list', { name: 'Files in /data/inner', exact: true }).getByRole('listitem');
    await line.getByText('random', { exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await page.screenshot({ path: 'e2e/screenshots/container-files.png' });
    const saved = page.waitForEvent('download');
    await line.getByRole('button', { name: 'Download random', exact: true }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe('random');
    const digest = createHash('sha256')
      .update(readFileSync(await download.path()))
      .digest('hex');
    expect(digest).toBe((await box.exec('sha256sum', '/data/inner/random')).split(' ')[0]);
  });

  it('are uploaded into the folder on show, and replaced once that is asked for', async () => {
    const files = page.getByRole('region', { name: 'Files', exact: true });
    const put = async (content: Buffer): Promise<void> => {
      const choosing = page.waitForEvent('filechooser');
      await files.getByRole('button', { name: 'Upload files', exact: true }).click();
      await (
        await choosing
      ).setFiles({ name: 'sent é.bin', mimeType: 'application/octet-stream', buffer: content });
    };
    const line = files.getByRole('list', { name: 'Uploads', exact: true }).getByRole('listitem');
    const done = line.getByText('Uploaded', { exact: true });
    const content = randomBytes(2_000_000);
    await put(content);
    await done.waitFor();
    await files
      .getByRole('list', { name: 'Files in /data/inner', exact: true })
      .getByText('sent é.bin', { exact: true })
      .waitFor();
    // There it is the smaller of two, and by name the last.
    const first = files
      .getByRole('list', { name: 'Files in /data/inner', exact: true })
      .getByRole('listitem')
      .first();
    const bySize = files.getByRole('button', { name: 'Sort by Size' });
    await bySize.click();
    await first.getByText('random', { exact: true }).waitFor();
    await bySize.click();
    await first.getByText('sent é.bin', { exact: true }).waitFor();
    expect(await bySize.getAttribute('aria-pressed')).toBe('true');
    const digest = createHash('sha256').update(content).digest('hex');
    expect((await box.exec('sha256sum', '/data/inner/sent é.bin')).split(' ')[0]).toBe(digest);
    await line
      .getByRole('button', { name: 'Remove the upload of sent é.bin from the list', exact: true })
      .click();
    await line.waitFor({ state: 'detached' });
    await put(Buffer.from('other'));
    await line.getByText('There is a file of this name.', { exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await line.getByRole('button', { name: 'Replace sent é.bin', exact: true }).click();
    await done.waitFor();
    expect(await box.exec('cat', '/data/inner/sent é.bin')).toBe('other');
  });

  it('are uploaded with the folder that they are in, and one that is there gets what it lacks', async () => {
    await using dir = await tempDir('sk-folder-');
    const send = async (): Promise<void> => {
      const choosing = page.waitForEvent('filechooser');
      await page.getByRole('button', { name: 'Upload a folder', exact: true }).click();
      await (await choosing).setFiles(dir.file('site'));
    };
    const lines = page.getByTestId('folder-upload');
    await mkdir(dir.file('site/img'), { recursive: true });
    await writeFile(dir.file('site/index.html'), 'hello');
    await writeFile(dir.file('site/about.html'), 'about');
    await writeFile(dir.file('site/img/x.bin'), randomBytes(100_000));
    await send();
    await lines.getByText(/^3 of 3 files/).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    expect(await box.exec('sh', '-c', 'cd /data/inner/site && wc -c < img/x.bin && cat index.html')).toBe(
      '100000\nhello',
    );
    await lines.getByRole('button').click();
    await lines.waitFor({ state: 'detached' });
    await rm(dir.file('site/img/x.bin'));
    await writeFile(dir.file('site/more'), 'more');
    await writeFile(dir.file('site/index.html'), 'changed');
    await send();
    await lines
      .getByRole('button', { name: 'Replace all 2 files of site that are there', exact: true })
      .click();
    await lines.getByText(/^3 of 3 files/).waitFor();
    expect(await box.exec('sh', '-c', 'cd /data/inner/site && cat more index.html && ls img')).toBe(
      'morechangedx.bin\n',
    );
    await lines.getByRole('button').click();
    await lines.waitFor({ state: 'detached' });
  });

  it('that are on their way are forgotten with the session', async () => {
    const uploads = page.getByRole('region', { name: 'Files', exact: true }).getByRole('list', {
      name: 'Uploads',
      exact: true,
    });
    await uploads.waitFor();
    // As when another tab signs out; nothing is loaded anew.
    await page.evaluate(() => {
      dispatchEvent(new StorageEvent('storage', { key: 'serverkit.session', newValue: null }));
    });
    await page.waitForURL(/\/sign-in\?/);
    await enterCredentials(page, dashboard.plane.admin);
    await page
      .getByRole('list', { name: 'Files in /data/inner', exact: true })
      .getByText('sent é.bin', { exact: true })
      .waitFor();
    expect(await uploads.count()).toBe(0);
  });

  it('get a folder beside them, another name, and go once it was said what goes', async () => {
    const files = page.getByRole('region', { name: 'Files', exact: true });
    const list = files.getByRole('list', { name: 'Files in /data/inner', exact: true });
    const dialog = page.getByRole('dialog');
    const choose = async (name: string, item: string): Promise<void> => {
      await list.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
      await page.getByRole('menuitem', { name: item, exact: true }).click();
      await dialog.waitFor();
    };
    await files.getByRole('button', { name: 'New folder', exact: true }).click();
    await dialog.getByLabel('Name', { exact: true }).fill('made/inner');
    expect(await dialog.getByRole('button', { name: 'Make folder', exact: true }).isDisabled()).toBe(true);
    await dialog.getByText('A name has no slash, and is not . or ..', { exact: true }).waitFor();
    await dialog.getByLabel('Name', { exact: true }).fill('random');
    await dialog.getByRole('button', { name: 'Make folder', exact: true }).click();
    await dialog.getByText('There is something called random already. Choose another name.').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByLabel('Name', { exact: true }).fill('made');
    await dialog.getByRole('button', { name: 'Make folder', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await list.getByRole('link', { name: 'made', exact: true }).waitFor();
    await choose('random', 'Rename…');
    await dialog.getByLabel('New name', { exact: true }).fill('renamed');
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Rename', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await list.getByText('renamed', { exact: true }).waitFor();
    await box.exec('touch', '/data/inner/made/lost');
    await choose('made', 'Delete…');
    await dialog.getByText('With it goes all that is in it: lost.', { exact: true }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await list.getByRole('link', { name: 'made', exact: true }).waitFor({ state: 'detached' });
    await box.exec('sh', '-c', 'test -f /data/inner/renamed && ! test -e /data/inner/made');
  });

  it('are told of as missing once they are gone', async () => {
    await box.exec('rm', '-r', '/data/inner');
    await page.getByRole('button', { name: 'Read again', exact: true }).click();
    await page.getByRole('region', { name: 'Files', exact: true }).getByRole('alert').waitFor();
  });
});
