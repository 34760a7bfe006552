import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestClient } from '../../testing/graphql-client.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { loadImage, recorded } from '../faults/fleet.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { seriousProblems } from './axe.ts';
import { cancelled, untouched } from './questions.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

// An engine of its own: a clean-up is of all that do not run, and others have containers on this host's.
describeWith(['docker', 'chromium', 'root'], 'a container in the dashboard', () => {
  const undo = new AsyncDisposableStack();
  let engine: PrivateEngine;
  let dashboard: Dashboard;
  let page: Page;
  let serverId: string;
  let client: TestClient;

  beforeAll(async () => {
    mkdirSync('e2e/screenshots', { recursive: true });
    engine = undo.use(await privateEngine());
    await engine.start();
    await loadImage(engine);
    dashboard = undo.use(await openDashboard());
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    client = await dashboard.plane.signIn();
    const host = undo.use(await managedHost({ docker: engine.socket }));
    const added = await addServer(client, 'box', 'FULL_ACCESS');
    ({ serverId } = added);
    await host.register(dashboard.plane.url, added.token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  });
  afterAll(() => undo.disposeAsync());

  const row = (name: string) => page.getByTestId('container-row').filter({ hasText: name });
  const dialog = () => page.getByRole('dialog');
  /** With its backdrop, which would take the next click. */
  const gone = () => dialog().waitFor({ state: 'detached' });
  /** An action of the container whose page is open. */
  const press = async (action: string): Promise<void> => {
    await page
      .locator('main')
      .getByRole('button', { name: /^Actions for/ })
      .click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
  };
  const choose = async (action: string): Promise<void> => {
    await press(action);
    await dialog().waitFor();
  };
  /** A part of what docker inspect tells. */
  const inspected = async (name: string, part: 'Config' | 'HostConfig'): Promise<unknown> =>
    JSON.parse(await engine.cli('inspect', '--format', `{{json .${part}}}`, name));

  it('is made from a docker run line that was pasted', async () => {
    await page.goto(`${dashboard.plane.url}/servers/${serverId}/containers`);
    await page.getByRole('link', { name: 'Create container', exact: true }).click();
    const line = String.raw`docker run -dit --name pasted \
      -e DB_PASSWORD='hunter 2' -e MODE=prod -p 127.0.0.1:8080:80/udp -v data:/var/data:ro \
      --network none --memory 64m --restart=on-failure:3 --env-file .env ${testImages.busybox} sh -c "sleep 600 && true"`;
    const paste = page.getByRole('region', { name: 'Paste', exact: true });
    await paste.getByLabel('docker run line or Compose file').fill(line);
    await paste.getByRole('button', { name: 'Fill in the form', exact: true }).click();
    await paste.getByTestId('not-taken').getByText('--env-file .env', { exact: true }).waitFor();
    const form = page.locator('main form');
    expect(await form.getByLabel('Image', { exact: true }).inputValue()).toBe(testImages.busybox);
    // What looks secret is masked while it stands in the form.
    expect(await form.locator('input[type=password]').inputValue()).toBe('hunter 2');
    await page.screenshot({ path: 'e2e/screenshots/container-create-filled.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await form.getByRole('button', { name: 'Create container', exact: true }).click();
    await page.waitForURL(`${dashboard.plane.url}/servers/${serverId}/containers`);
    await row('pasted').getByText('Running', { exact: true }).waitFor();
    expect(await inspected('pasted', 'Config')).toMatchObject({
      Tty: true,
      OpenStdin: true,
      Cmd: ['sh', '-c', 'sleep 600 && true'],
      Env: expect.arrayContaining(['DB_PASSWORD=hunter 2', 'MODE=prod']),
    });
    expect(await inspected('pasted', 'HostConfig')).toMatchObject({
      Memory: 67_108_864,
      NetworkMode: 'none',
      PortBindings: { '80/udp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      Mounts: [{ Type: 'volume', Source: 'data', Target: '/var/data', ReadOnly: true }],
    });
  });

  it('shows what goes on in it, and its secrets only when asked for', async () => {
    await row('pasted').getByRole('link', { name: 'pasted', exact: true }).click();
    await page.getByTestId('container-name').getByText('pasted', { exact: true }).waitFor();
    const tab = (name: string) =>
      page
        .getByRole('navigation', { name: 'About this container', exact: true })
        .getByRole('link', { name, exact: true })
        .click();
    await tab('Processes');
    await page.getByTestId('processes').getByText('sleep 600').first().waitFor();
    await tab('Environment');
    const environment = page.getByTestId('environment');
    await environment.getByText('prod', { exact: true }).waitFor();
    expect(await environment.getByText('hunter 2', { exact: true }).count()).toBe(0);
    await page.screenshot({ path: 'e2e/screenshots/container-environment.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show all values', exact: true }).click();
    await dialog().getByText('The audit log keeps that you asked for them.').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Show all values', exact: true }).click();
    await environment.getByText('hunter 2', { exact: true }).waitFor();
    await gone();
    const id = (await engine.cli('inspect', '--format', '{{.Id}}', 'pasted')).trim();
    expect(await recorded(client, id)).toContainEqual({
      action: 'container.reveal-environment',
      outcome: 'OK',
      code: null,
    });
    await engine.cli('exec', 'pasted', 'touch', '/made-here');
    await tab('Changes');
    await page.getByTestId('changes').getByText('/made-here', { exact: true }).waitFor();
    await tab('Inspect');
    await page.getByRole('searchbox', { name: 'Search keys and values', exact: true }).fill('/var/data');
    await page.getByTestId('inspect').getByText('"/var/data"', { exact: true }).first().waitFor();
    await page.getByRole('radio', { name: 'JSON', exact: true }).check();
    const raw = page.getByTestId('inspect').locator('pre');
    await raw.waitFor();
    const told = await raw.innerText();
    expect(JSON.parse(told)).toMatchObject({ Name: '/pasted', HostConfig: { Memory: 67_108_864 } });
    expect(told).not.toContain('hunter 2');
    await page.screenshot({ path: 'e2e/screenshots/container-inspect.png' });
    expect(await seriousProblems(page)).toEqual([]);
  });

  it('runs a command, and tells its exit code and what it said', async () => {
    await choose('Run a command…');
    await dialog().getByLabel('Command', { exact: true }).fill(`sh -c 'echo "from inside"; exit 3'`);
    await dialog().getByRole('button', { name: 'Run', exact: true }).click();
    await dialog().getByTestId('exec-result').getByText('Exit code 3', { exact: true }).waitFor();
    expect(await dialog().getByTestId('exec-output').textContent()).toBe('from inside\n');
    await page.screenshot({ path: 'e2e/screenshots/container-exec.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
    await gone();
  });

  it.each([
    ['Rename…', 'Rename pasted'],
    ['Recreate…', 'Recreate pasted'],
    ['Commit…', 'Make an image of pasted'],
    ['Kill…', 'Kill pasted?'],
    ['Remove…', 'Remove pasted?'],
  ])('is asked about before anything is done: %s', async (action, title) => {
    expect(await cancelled(page, title, () => press(action))).toEqual(untouched);
    await page.getByTestId('container-name').getByText('pasted', { exact: true }).waitFor();
  });

  it('has its limits changed while it runs, and is duplicated', async () => {
    await choose('Limits and restart…');
    await dialog().getByLabel('Processes', { exact: true }).fill('50');
    await dialog().getByLabel('Restart policy', { exact: true }).selectOption('UNLESS_STOPPED');
    await page.screenshot({ path: 'e2e/screenshots/container-limits.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Save', exact: true }).click();
    await gone();
    expect(await inspected('pasted', 'HostConfig')).toMatchObject({
      Memory: 67_108_864,
      PidsLimit: 50,
      RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
    });
    await choose('Duplicate…');
    await dialog().getByLabel('New name', { exact: true }).fill('twin');
    await dialog().getByLabel('Start it', { exact: true }).uncheck();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Duplicate', exact: true }).click();
    await page.getByTestId('container-name').getByText('twin', { exact: true }).waitFor();
    await gone();
    expect(await inspected('twin', 'HostConfig')).toMatchObject({ PidsLimit: 50, PortBindings: {} });
    expect(await inspected('twin', 'Config')).toMatchObject({ Cmd: ['sh', '-c', 'sleep 600 && true'] });
  });

  it('is made another time with changes, and what is masked never comes to the browser', async () => {
    await page.goBack();
    await page.getByTestId('container-name').getByText('pasted', { exact: true }).waitFor();
    await choose('Duplicate…');
    await dialog().getByLabel('New name', { exact: true }).fill('edited');
    await dialog().getByRole('link', { name: 'Change everything about it first', exact: true }).click();
    const form = page.locator('main form');
    const kept = form.getByTestId('kept-variables');
    await kept.getByText('DB_PASSWORD', { exact: true }).waitFor();
    expect(await form.getByLabel('Image', { exact: true }).inputValue()).toBe(testImages.busybox);
    const values = form.getByLabel('Value', { exact: true });
    const shown = await Promise.all((await values.all()).map((value) => value.inputValue()));
    expect(shown).toContain('prod');
    expect(shown).not.toContain('hunter 2');
    await values.nth(shown.indexOf('prod')).fill('test');
    await page.screenshot({ path: 'e2e/screenshots/container-duplicate-edit.png', fullPage: true });
    expect(await seriousProblems(page)).toEqual([]);
    await form.getByRole('button', { name: 'Create container', exact: true }).click();
    await page.waitForURL(`${dashboard.plane.url}/servers/${serverId}/containers`);
    await row('edited').getByText('Running', { exact: true }).waitFor();
    expect(await inspected('edited', 'Config')).toMatchObject({
      Env: expect.arrayContaining(['DB_PASSWORD=hunter 2', 'MODE=test']) as unknown,
      Cmd: ['sh', '-c', 'sleep 600 && true'],
      Tty: true,
    });
    expect(await inspected('edited', 'HostConfig')).toMatchObject({
      Memory: 67_108_864,
      PidsLimit: 50,
      NetworkMode: 'none',
      PortBindings: {},
      RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
      Mounts: [{ Type: 'volume', Source: 'data', Target: '/var/data', ReadOnly: true }],
    });
    await engine.cli('rm', '--force', 'edited');
  });

  it('is cleaned up with all that do not run: exactly those that were shown', async () => {
    await engine.cli('create', '--name', 'spare', '--network', 'none', testImages.busybox, 'true');
    await page.goto(`${dashboard.plane.url}/docker/containers`);
    await row('spare').waitFor();
    await page.getByRole('button', { name: 'Clean up…', exact: true }).click();
    const preview = dialog().getByTestId('prune-preview').getByRole('listitem');
    await preview.first().waitFor();
    const shown = (await preview.locator('span:first-child').allTextContents()).toSorted();
    expect(shown).toEqual(['spare', 'twin']);
    await engine.cli('create', '--name', 'newcomer', '--network', 'none', testImages.busybox, 'true');
    await page.screenshot({ path: 'e2e/screenshots/container-prune.png' });
    expect(await seriousProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Remove all of these', exact: true }).click();
    await page.getByText(/2 containers removed/).waitFor();
    const left = await engine.cli('ps', '--all', '--format', '{{.Names}}');
    expect(left.trim().split('\n').toSorted()).toEqual(['newcomer', 'pasted']);
    await row('spare').waitFor({ state: 'detached' });
    expect(dashboard.tab.complaints).toEqual([]);
  });

  it('is made of a service of a Compose file that was pasted, and of a secret by its name', async () => {
    await client.query(
      'mutation ($input: CreateSecretInput!) { createSecret(input: $input) { secret { id } } }',
      {
        input: { name: 'api_key', value: 'kept for itself', places: { serverIds: [serverId] } },
      },
    );
    await page.goto(`${dashboard.plane.url}/docker/containers/create?server=${serverId}`);
    const paste = page.getByRole('region', { name: 'Paste', exact: true });
    await paste.getByLabel('docker run line or Compose file').fill(`services:
  first:
    image: ${testImages.busybox}
  second:
    image: ${testImages.busybox}
    container_name: composed
    network_mode: none
    user: "1234"
    environment: { MODE: prod }
    depends_on: [first]
`);
    await paste.getByRole('button', { name: 'Fill in the form', exact: true }).click();
    const form = page.locator('main form');
    const name = form.getByLabel('Name', { exact: true }).first();
    const service = paste.getByRole('combobox');
    await service.waitFor();
    expect(await service.locator('option').allTextContents()).toEqual(['first', 'second']);
    await service.selectOption('second');
    await paste.getByTestId('not-taken').getByText('depends_on').waitFor();
    expect(await name.inputValue()).toBe('composed');
    await form.getByRole('button', { name: 'Add a secret', exact: true }).click();
    const secrets = form.getByRole('list', { name: 'Secrets in variables', exact: true });
    await secrets.getByLabel('Name', { exact: true }).fill('API_KEY');
    await secrets.getByLabel('Secret', { exact: true }).fill('api_key');
    expect(await seriousProblems(page)).toEqual([]);
    await form.getByLabel('Start it', { exact: true }).uncheck();
    const image = form.getByLabel('Image', { exact: true });
    const create = form.getByRole('button', { name: 'Create container', exact: true });
    // What Docker refuses is found after the form was sent, and what was written in it is there to be put right.
    await image.fill('localhost:1/none:1');
    await create.click();
    await dialog().getByTestId('job').and(page.locator('[data-state=FAILED]')).waitFor();
    await dialog().getByRole('button', { name: 'Close', exact: true }).click();
    await gone();
    expect(await name.inputValue()).toBe('composed');
    await image.fill(testImages.busybox);
    await create.click();
    await page.waitForURL(`${dashboard.plane.url}/servers/${serverId}/containers`);
    await page.getByTestId('container-row').filter({ hasText: 'composed' }).waitFor();
    expect(await inspected('composed', 'Config')).toMatchObject({
      User: '1234',
      Env: expect.arrayContaining(['API_KEY=kept for itself', 'MODE=prod']),
    });
    expect(await inspected('composed', 'HostConfig')).toMatchObject({ NetworkMode: 'none' });
    await engine.cli('rm', 'composed');
  });
});
