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
import { cancelled, untouched } from './questions.ts';
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
  /** Of two services, the second of which is never changed. */
  const two = (greeting: string): string => `${text(greeting)}  beside:
    image: ${testImages.busybox}
    command: ["sh", "-c", "echo from beside; trap 'exit 0' TERM; sleep 1000 & wait"]
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
  const running = (service: string) =>
    page
      .locator(`[data-testid=stack-service][data-service=${service}]`)
      .getByText('Running', { exact: true });
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
    return (await docker('inspect', '--format', hash, ...ids)).trim().split('\n').toSorted().join('\n');
  }

  it('is deployed from text, after its problems were marked', async () => {
    await page.goto(`${dashboard.plane.url}/docker/stacks`);
    await page.getByRole('link', { name: 'New stack', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await write(two('hello').replace('image:', 'picture:'));
    await plan()
      .getByText(/picture/)
      .first()
      .waitFor();
    await write(two('hello'));
    await planned('CREATE').waitFor();
    await plan().getByTestId('plan-ready').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-new-filled.png' });
    await deploy();
    await page.getByTestId('stack-name').waitFor();
    for (const service of ['web', 'beside']) await running(service).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/stack-overview.png' });
    first = await runs();
    expect(page.url()).toBe(address());
  });

  it('has the logs of its services in one, each name in a colour of its own', async () => {
    await page.goto(`${address()}?tab=logs`);
    const colours: string[] = [];
    for (const [service, said] of [
      ['web', 'hello'],
      ['beside', 'from beside'],
    ] as const) {
      const line = page.locator('[data-stream]').filter({ has: page.getByText(said, { exact: true }) });
      const from = line.getByTitle(new RegExp(`${name}[-_]${service}[-_]1`));
      await from.waitFor();
      colours.push(await from.evaluate((span) => getComputedStyle(span).color));
    }
    expect(new Set(colours).size).toBe(2);
    expect(await seriousProblems(page)).toEqual([]);
  });

  it('has its place in the list', async () => {
    await page.goto(`${dashboard.plane.url}/docker/stacks?q=${name}`);
    const row = page.locator('[data-entry]').filter({ hasText: name });
    await row.getByText('Running', { exact: true }).waitFor();
    await row.getByText('ServerKit, version 1', { exact: true }).waitFor();
    await page.screenshot({ path: 'e2e/screenshots/docker-stacks-filled.png' });
  });

  it('is to be updated in a window, which is kept and shown again', async () => {
    await page.goto(address());
    const panel = page.getByRole('region', { name: 'Updates', exact: true });
    const close = () => dialog().waitFor({ state: 'detached' });
    await panel.getByRole('button', { name: 'Set up…', exact: true }).click();
    await dialog().getByLabel('What to do', { exact: true }).selectOption({ label: 'Apply in a window' });
    for (const day of ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'])
      await dialog().getByRole('checkbox', { name: day, exact: true }).uncheck();
    await dialog().getByLabel('From', { exact: true }).fill('22:30');
    await dialog().getByLabel('To', { exact: true }).fill('04:15');
    await dialog().getByLabel('Time zone', { exact: true }).fill('Europe/Paris');
    await dialog().getByRole('button', { name: 'Save', exact: true }).click();
    await close();
    await page.reload();
    await panel.getByText('Apply in a window', { exact: true }).waitFor();
    await panel.getByText('Sat and Sun, 22:30–04:15, Europe/Paris', { exact: true }).waitFor();
    await panel.getByRole('button', { name: 'Change…', exact: true }).click();
    const days = dialog().getByRole('checkbox', { checked: true });
    await dialog().getByRole('checkbox', { name: 'Sun', exact: true, checked: true }).waitFor();
    expect(await days.count()).toBe(2);
    expect(await dialog().getByLabel('From', { exact: true }).inputValue()).toBe('22:30');
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Cancel', exact: true }).click();
    await close();
    await panel.getByRole('button', { name: 'Remove policy', exact: true }).click();
    await dialog().getByRole('button', { name: 'Remove policy', exact: true }).click();
    await panel.getByText('Nobody looks for newer images of it.').waitFor();
    await close();
  });

  it('that was changed with Compose itself is told apart from its file', async () => {
    await using dir = await tempDir('sk-stack-cli-');
    await writeFile(dir.file('compose.yaml'), `version: "3.8"\n${two('by hand')}`);
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
    await write(two('bye'));
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
  });

  it('is asked about before anything is done, and its versions are compared', async () => {
    const ask = async (action: string): Promise<void> => {
      await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click();
      await page.getByRole('menuitem', { name: action, exact: true }).click();
    };
    for (const [action, title] of [
      ['Pull images…', `Pull the images of ${name}`],
      ['Take down…', `Take ${name} down?`],
      ['Remove…', `Remove ${name}?`],
    ] as const)
      expect(await cancelled(page, title, () => ask(action))).toEqual(untouched);
    const compare = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Compare version 2', exact: true }).click();
      await dialog().getByTestId('text-diff').getByText('bye', { exact: false }).first().waitFor();
    };
    expect(await cancelled(page, `Versions of ${name}`, compare, 'Close')).toEqual(untouched);
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
    // Taken down, it leads to what brings it back.
    await page.getByRole('button', { name: `Actions for ${lying}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Take down…', exact: true }).click();
    await dialog().getByRole('button', { name: 'Take down', exact: true }).click();
    await page.getByRole('link', { name: 'Review and deploy…', exact: true }).click();
    await plan().locator('[data-action=CREATE]').waitFor();
  });
});
