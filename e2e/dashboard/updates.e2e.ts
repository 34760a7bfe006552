import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { image } from '../../agent/src/images/testing.ts';
import { container, docker, uniqueName, type TestContainer } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { describeWith } from '../../testing/parts.ts';
import { registry, removeFetched, type Registry } from '../../testing/registry.ts';
import { seriousProblems } from './axe.ts';
import { cancelled, untouched } from './questions.ts';
import { openDashboard, raisedServer, type Dashboard } from './signed-in.ts';

/** Ends as soon as it is told to. */
const idle = 'CMD ["sh", "-c", "trap \\"exit 0\\" TERM; sleep infinity & wait"]';

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
      await using made = await image([idle, `LABEL release=${tag}`]);
      await hub.push(made.tag, `${repository}:${tag}`);
    }
    const reference = `${hub.address}/${repository}:1`;
    await docker('pull', '--quiet', reference);
    undo.defer(() => removeFetched(hub, repository));
    const name = uniqueName();
    // What is put in its place goes by its name.
    undo.defer(async () => void (await docker('rm', '--force', name)));
    box = undo.use(await container({ name, image: reference, command: [] }));
    dashboard = undo.use(await openDashboard({ env: { SERVERKIT_LOCAL_AGENT: 'on' } }));
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    // To fetch a newer image is more than the agent beside the control plane may by itself.
    await raisedServer(dashboard.plane);
    await page.goto(`${dashboard.plane.url}/docker/containers`);
  });
  afterAll(() => undo.disposeAsync());

  const row = () => page.locator(`[data-container="${box.id}"]`);
  const panel = () => page.getByRole('region', { name: 'Updates', exact: true });

  it('are looked for once somebody wants it, and shown on its page and in the list', async () => {
    await row().getByRole('link', { name: box.name, exact: true }).click();
    await panel().getByText('Nobody looks for newer images of it.').waitFor();
    await panel().getByRole('button', { name: 'Set up…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What to do').selectOption({ label: 'Apply in a window' });
    await dialog.getByLabel('Time zone').fill('Europe/Atlantis');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('must be a time zone').waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await dialog.getByLabel('Time zone').fill('Europe/Paris');
    await dialog.getByLabel('What to do').selectOption({ label: 'Tell me' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await panel().getByText('Tell me', { exact: true }).waitFor();

    const remove = () => panel().getByRole('button', { name: 'Remove policy', exact: true }).click();
    const title = `Remove the update policy of ${box.name}?`;
    expect(await cancelled(page, title, remove)).toEqual(untouched);

    await hub.retag(repository, 'next', '1');
    await panel().getByRole('button', { name: 'Check now' }).click();
    await panel().getByText('Newer image', { exact: true }).waitFor();
    await page.goto(`${dashboard.plane.url}/docker/containers`);
    await row().getByText('Newer image', { exact: true }).waitFor();
    expect(dashboard.tab.complaints).toEqual([]);
  });

  it('are applied at once when somebody says so', async () => {
    await row().getByRole('link', { name: box.name, exact: true }).click();
    await panel().getByRole('button', { name: 'Update now', exact: true }).click();
    const client = await dashboard.plane.signIn();
    await eventually(async () => {
      const { updatePolicies } = await client.query<{
        updatePolicies: { attempt: { state: string; reason: string | null } | null }[];
      }>('{ updatePolicies { attempt { state reason } } }');
      const attempt = updatePolicies[0]?.attempt;
      if (attempt?.state === 'FAILED') throw new Error(attempt.reason ?? 'the update failed');
      return attempt?.state === 'SUCCEEDED';
    }, 'the update to be done');
    const format = '{{.Id}} {{index .Config.Labels "release"}}';
    const [id = '', release] = (await docker('inspect', '--format', format, box.name)).trim().split(' ');
    expect(release).toBe('next');
    await page.waitForURL((url) => url.pathname.endsWith(`/containers/${id}`));
    await panel().locator('dd').filter({ hasText: 'Applied' }).waitFor();
    await panel().getByText('Newer image', { exact: true }).waitFor({ state: 'detached' });
    expect(await seriousProblems(page)).toEqual([]);
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
