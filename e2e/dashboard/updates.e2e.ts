import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { image } from '../../agent/src/images/testing.ts';
import { container, docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { describeWith } from '../../testing/parts.ts';
import { registry, type Registry } from '../../testing/registry.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

describeWith(['docker', 'chromium', 'registry'], 'the updates of a container', () => {
  const undo = new AsyncDisposableStack();
  const repository = uniqueName('team/web');
  let hub: Registry;
  let dashboard: Dashboard;
  let page: Page;
  let box: TestContainer;

  beforeAll(async () => {
    hub = undo.use(await registry());
    for (const tag of ['1', 'next']) {
      await using made = await image(['CMD ["sleep", "infinity"]', `LABEL release=${tag}`]);
      await hub.push(made.tag, `${repository}:${tag}`);
    }
    const reference = `${hub.address}/${repository}:1`;
    await docker('pull', '--quiet', reference);
    undo.defer(async () => {
      await docker('rmi', '--force', reference);
    });
    box = undo.use(await container({ image: reference, command: [] }));
    dashboard = undo.use(await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } }));
    ({ page } = dashboard.tab);
    await page.goto(`${dashboard.plane.url}/docker/containers`);
  });
  afterAll(() => undo.disposeAsync());

  const row = () => page.locator(`[data-container="${box.id}"]`);
  const panel = () => page.getByRole('region', { name: 'Updates', exact: true });

  it('are looked for once somebody wants it, and shown on its page and in the list', async () => {
    await row().getByRole('link', { name: box.name, exact: true }).click();
    await panel().getByText('Nobody has said').waitFor();
    await panel().getByRole('button', { name: 'Set up…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Newer images').selectOption({ label: 'Apply in a window' });
    await dialog.getByLabel('Time zone').fill('Europe/Atlantis');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('must be a time zone').waitFor();
    await dialog.getByLabel('Time zone').fill('Europe/Paris');
    await dialog.getByLabel('Newer images').selectOption({ label: 'Tell me' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await panel().getByText('Tell me', { exact: true }).waitFor();

    await hub.retag(repository, 'next', '1');
    await panel().getByRole('button', { name: 'Check now' }).click();
    await panel().getByText('Newer image', { exact: true }).waitFor();
    await page.goto(`${dashboard.plane.url}/docker/containers`);
    await row().getByText('Newer image', { exact: true }).waitFor();
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
