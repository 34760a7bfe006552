import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { privateEngine, type PrivateEngine } from '../../testing/private-engine.ts';
import { loadImage } from '../faults/fleet.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

// An engine of its own: a clean-up is of all that do not run, and others have containers on this host's.
describeWith(['docker', 'chromium', 'root'], 'a container in the dashboard', () => {
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
    const client = await dashboard.plane.signIn();
    const host = undo.use(await managedHost({ docker: engine.socket }));
    const added = await addServer(client, 'box');
    ({ serverId } = added);
    await host.register(dashboard.plane.url, added.token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  });
  afterAll(() => undo.disposeAsync());

  const row = (name: string) => page.getByTestId('container-row').filter({ hasText: name });
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
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
