import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { docker, uniqueName } from '../../testing/docker.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { plainEnv, startProcess } from '../../testing/processes.ts';
import { composeTools } from '../../testing/product/compose.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { tempDir } from '../../testing/tmp.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

describeWith(['docker', 'compose', 'chromium'], 'a stack', () => {
  const undo = new AsyncDisposableStack();
  const name = uniqueProject();
  const onMany = uniqueProject();
  const lying = uniqueProject();
  const image = `serverkit-test/stack-${uniqueName('i')}:1`;
  const images: string[] = [];
  let dashboard: Dashboard;
  let page: Page;
  let serverId: string;
  let first = '';

  const text = (greeting: string): string => `services:
  web:
    image: ${image}
    command: ["sh", "-c", "echo $$GREETING; trap 'exit 0' TERM; sleep 1000 & wait"]
    environment:
      GREETING: ${greeting}
`;

  beforeAll(async () => {
    mkdirSync('e2e/screenshots', { recursive: true });
    undo.defer(async () => {
      for (const one of [image, ...images]) await docker('rmi', '--force', one).catch(() => undefined);
    });
    undo.defer(() => removeComposeProject(name));
    undo.defer(() => removeComposeProject(onMany));
    undo.defer(() => removeComposeProject(lying));
    await docker('tag', testImages.busybox, image);
    dashboard = undo.use(await openDashboard());
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const client = await dashboard.plane.signIn();
    const host = undo.use(await managedHost({ docker: '/var/run/docker.sock' }));
    const added = await addServer(client, 'box', 'FULL_ACCESS');
    ({ serverId } = added);
    await host.register(dashboard.plane.url, added.token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
    await addServer(client, 'spare');
  });
  afterAll(() => undo.disposeAsync());

  const editor = () => page.getByRole('textbox', { name: 'compose.yaml', exact: true });
  const plan = () => page.getByRole('region', { name: 'What it would do', exact: true });
  const dialog = () => page.getByRole('dialog');
  const planned = (action: string) => plan().locator(`[data-service=web][data-action=${action}]`);
  const address = () => `${dashboard.plane.url}/servers/${serverId}/stacks/${name}`;

  async function write(compose: string): Promise<void> {
    await editor().click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(compose);
  }

  async function deploy(): Promise<void> {
    await plan().getByTestId('plan-ready').waitFor();
    await plan().getByRole('button', { name: 'Review and deploy…', exact: true }).click();
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click();
  }

  async function finished(): Promise<void> {
    await page.locator('[data-testid=job][data-state=SUCCEEDED]').waitFor();
    await dialog().getByRole('button', { name: 'Close', exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
  }

  /** As the docker command tells: image and hash of what runs. */
  async function runs(): Promise<string> {
    const label = `label=com.docker.compose.project=${name}`;
    const ids = (await docker('ps', '--quiet', '--filter', label)).split('\n').filter(Boolean);
    const hash = '{{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}';
    return (await docker('inspect', '--format', hash, ...ids)).trim();
  }

  it('is deployed from text, after its problems were marked', async () => {
    await page.goto(`${dashboard.plane.url}/docker/stacks`);
    await page.getByRole('link', { name: 'New stack', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await write(text('hello').replace('image:', 'picture:'));
    await plan()
      .getByText(/picture/)
      .first()
      .waitFor();
    await write(text('hello'));
    await planned('CREATE').waitFor();
    await plan().getByTestId('plan-ready').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-new-filled.png' });
    await deploy();
    await page.getByTestId('stack-name').waitFor();
    await page.getByTestId('stack-service').getByText('Running', { exact: true }).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-overview.png' });
    first = await runs();
    expect(page.url()).toBe(address());
  });

  it('has its log, and its place in the list', async () => {
    await page.goto(`${address()}?tab=logs`);
    await page.getByText('hello', { exact: true }).first().waitFor();
    await page.goto(`${dashboard.plane.url}/docker/stacks?q=${name}`);
    const row = page.locator('[data-entry]').filter({ hasText: name });
    await row.getByText('Running', { exact: true }).waitFor();
    await row.getByText('ServerKit, version 1', { exact: true }).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/docker-stacks-filled.png' });
  });

  it('that was changed with Compose itself is told apart from its file', async () => {
    await using dir = await tempDir('sk-stack-cli-');
    await writeFile(dir.file('compose.yaml'), `version: "3.8"\n${text('by hand')}`);
    const [program = '', ...args] = composeTools()[0]?.command ?? [];
    const words = [...args, '--project-name', name, '--file', dir.file('compose.yaml'), 'up', '--detach'];
    await using child = startProcess(program, words, { env: plainEnv() });
    child.write(null);
    const { code } = await child.exit;
    if (code !== 0) throw new Error(child.output());
    await page.goto(`${address()}?tab=files`);
    await planned('RECREATE').getByText('It was changed outside of ServerKit', { exact: false }).waitFor();
  });

  it('is edited: what would change is told before it does, with another image under the same name', async () => {
    const box = (await docker('create', testImages.busybox)).trim();
    images.push((await docker('commit', '--change', 'LABEL moved=yes', box, image)).trim());
    await docker('rm', box);
    await write(text('bye'));
    await planned('RECREATE').getByText('Settings: environment.GREETING', { exact: true }).waitFor();
    await plan().getByTestId('plan-ready').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-edit.png' });
    await plan().getByRole('button', { name: 'Review and deploy…', exact: true }).click();
    await dialog().getByTestId('text-diff').getByText('bye', { exact: false }).first().waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-review.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click();
    await finished();
    expect(await runs()).not.toBe(first);
  });

  it('is rolled back to the very images and settings of then', async () => {
    await page.goto(`${address()}?tab=versions`);
    await page.getByRole('button', { name: 'Roll back to version 1', exact: true }).click();
    await page.getByTestId('roll-back-preview').locator('[data-action=RECREATE]').waitFor();
    await dialog().getByTestId('text-diff').getByText('hello', { exact: false }).first().waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-roll-back.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Roll back', exact: true }).click();
    await finished();
    await page.locator('[data-testid=stack-version][data-version="3"]').waitFor();
    expect(await runs()).toBe(first);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: 'e2e/screenshots/stack-versions-phone.png' });
    await page.goto(`${address()}?tab=files`);
    await plan().getByTestId('plan-ready').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-files-phone.png', fullPage: true });
    expect(await seriousProblems(page)).toEqual([]);
  });

  it('is deployed to several servers: the plan of each first, then one job with a result for each', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${dashboard.plane.url}/docker/stacks/new`);
    await page.getByLabel('Name', { exact: true }).fill(onMany);
    await write(text('many'));
    await plan().getByRole('button', { name: 'Several servers…', exact: true }).click();
    const room = dialog().getByRole('group', { name: 'The most room first', exact: true });
    await room.getByRole('checkbox', { name: /^box .* free$/, checked: true }).waitFor();
    await room.getByRole('checkbox', { name: 'spare Offline', exact: true, disabled: true }).waitFor();
    await dialog().locator(`[data-server=${serverId}][data-good=true]`).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-many-phone.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Deploy to 1 server', exact: true }).click();
    const target = page.getByTestId('job-targets').locator(`[data-server=${serverId}]`);
    await target.and(page.locator('[data-state=SUCCEEDED]')).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/job-many-phone.png' });
    await target.getByRole('link', { name: 'Job on box', exact: true }).click();
    await dialog().getByRole('link', { name: 'Part of a job on many servers', exact: true }).click();
    await target.and(page.locator('[data-state=SUCCEEDED]')).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    const label = `label=com.docker.compose.project=${onMany}`;
    expect((await docker('ps', '--quiet', '--filter', label)).trim()).not.toBe('');
  });

  it('is made of a folder that lies on the server, whose files stay where they are', async () => {
    await using dir = await tempDir('sk-stack-lies-');
    const file = dir.file('compose.yaml');
    await writeFile(file, text('lay there'));
    await page.goto(`${dashboard.plane.url}/docker/stacks/new`);
    await page.getByLabel('Name', { exact: true }).fill(lying);
    await page.getByRole('radio', { name: 'Folder on the server', exact: true }).check();
    const form = page.getByRole('form', { name: 'Folder on the server', exact: true });
    const look = form.getByRole('button', { name: 'Review and deploy…', exact: true });
    await form.getByLabel('Compose file on the server', { exact: true }).fill(dir.file('nothing'));
    await look.click();
    await form.getByText('There is no such file or folder on the server.', { exact: true }).waitFor();
    await form.getByLabel('Compose file on the server', { exact: true }).fill(dir.path);
    await look.click();
    await dialog().getByTestId('stack-source').getByText(file, { exact: true }).waitFor();
    await dialog().getByText('lay there', { exact: false }).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-from-folder-phone.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.waitForURL(`${dashboard.plane.url}/servers/${serverId}/stacks/${lying}`);
    await page.getByTestId('stack-service').getByText('Running', { exact: true }).waitFor();
    const label = `label=com.docker.compose.project=${lying}`;
    const from = '{{.Label "com.docker.compose.project.working_dir"}}';
    expect(await docker('ps', '--filter', label, '--format', from)).toBe(`${dir.path}\n`);
  });
});
