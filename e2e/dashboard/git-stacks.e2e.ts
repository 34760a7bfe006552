import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { docker } from '../../testing/docker.ts';
import { eventually } from '../../testing/events.ts';
import { gitServer, type GitServer } from '../../testing/git-server.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { testImages } from '../../testing/images.ts';
import { describeWith } from '../../testing/parts.ts';
import { removeComposeProject, uniqueProject } from '../../testing/product/compose-project.ts';
import { managedHost } from '../faults/host.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { seriousProblems } from './axe.ts';
import { openDashboard, type Dashboard } from './signed-in.ts';

describeWith(['docker', 'compose', 'chromium', 'git'], 'a stack from a Git repository', () => {
  const undo = new AsyncDisposableStack();
  const name = uniqueProject();
  let repository: GitServer;
  let dashboard: Dashboard;
  let client: TestClient;
  let page: Page;
  let serverId: string;
  let webhook: { readonly path: string; readonly secret: string };

  const commit = (greeting: string): Promise<string> =>
    repository.commit({
      'compose.yaml': `services:
  web:
    image: ${testImages.busybox}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    environment:
      GREETING: ${greeting}
`,
    });

  beforeAll(async () => {
    mkdirSync('e2e/screenshots', { recursive: true });
    undo.defer(() => removeComposeProject(name));
    repository = undo.use(await gitServer());
    dashboard = undo.use(await openDashboard());
    ({ page } = dashboard.tab);
    // What is judged for its contrast is not half faded in.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    client = await dashboard.plane.signIn();
    const env = { GIT_SSL_CAINFO: repository.authorityFile };
    const host = undo.use(await managedHost({ docker: '/var/run/docker.sock', env }));
    const added = await addServer(client, 'box', 'FULL_ACCESS');
    ({ serverId } = added);
    await host.register(dashboard.plane.url, added.token);
    await host.start();
    await untilStatus(client, serverId, 'ONLINE');
  });
  afterAll(() => undo.disposeAsync());

  const dialog = (title: string) => page.getByRole('dialog', { name: title, exact: true });
  const address = () => `${dashboard.plane.url}/servers/${serverId}/stacks/${name}`;
  const header = () => page.locator('main header').filter({ has: page.getByTestId('stack-name') });
  const service = () => page.locator('[data-testid=stack-service][data-service=web]');
  const source = () => page.getByRole('region', { name: 'Source', exact: true });
  /** A fact of the panel, once it says this. */
  const says = (fact: string, text: string) =>
    source().locator(`dt:text-is("${fact}") + dd:text-is("${text}")`).waitFor();

  /** What the docker command tells of each container of it. */
  async function told(format: string): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${name}`;
    const ids = (await docker('ps', '--all', '--quiet', '--filter', filter)).split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    return (await docker('inspect', '--format', format, ...ids)).trim().split('\n');
  }

  /** Two jobs on one stack at once are refused, so each waits for the one before. */
  const settled = (kind: string) =>
    eventually(async () => {
      const { jobs } = await client.query<{
        jobs: { nodes: { kind: string; state: string; errorMessage: string | null }[] };
      }>(
        `query ($serverId: ID!, $name: ID!) {
          jobs(first: 1, filter: { serverId: $serverId, targetId: $name }) { nodes { kind state errorMessage } }
        }`,
        { serverId, name },
      );
      const [newest] = jobs.nodes;
      if (newest?.state === 'FAILED') throw new Error(newest.errorMessage ?? newest.kind);
      return newest?.kind === kind && newest.state === 'SUCCEEDED';
    }, `${kind} to be done`);

  it('is connected, looked at and deployed', async () => {
    const first = await commit('hello');
    await page.goto(`${dashboard.plane.url}/docker/stacks/new`);
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('radio', { name: 'Git repository', exact: true }).check();
    const form = page.getByRole('form', { name: 'Git repository', exact: true });
    await form.getByLabel('Repository', { exact: true }).fill(repository.url);
    await form.getByRole('checkbox', { name: /^Webhook/ }).check();
    expect(await seriousProblems(page)).toEqual([]);
    await form.getByRole('button', { name: 'Connect and review…', exact: true }).click();
    const codes = dialog('Webhook').locator('code');
    await codes.nth(1).waitFor();
    const [hook = '', secret = ''] = await codes.allTextContents();
    webhook = { path: new URL(hook).pathname, secret };
    expect(await seriousProblems(page)).toEqual([]);
    await dialog('Webhook').getByRole('button', { name: 'I have saved it', exact: true }).click();
    const review = dialog(`Deploy ${name} on box?`);
    await review.getByTestId('git-commit').getByText(first, { exact: true }).waitFor();
    await review.locator('[data-service=web][data-action=CREATE]').waitFor();
    await page.screenshot({ path: 'e2e/screenshots/git-review.png' });
    await review.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.waitForURL(address());
    await service().getByText('Running', { exact: true }).waitFor();
    // Another change to it is refused until this one has ended, which what runs is ahead of.
    await settled('stack.sync');
    expect(await told('{{json .Config.Env}}')).toEqual([expect.stringContaining('GREETING=hello')]);
  });

  it('has what is pushed deployed, and shows it', async () => {
    await page.goto(`${address()}?tab=source`);
    await source().waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    const second = await commit('bye');
    const body = JSON.stringify({ ref: 'refs/heads/main' });
    const { status } = await fetch(new URL(webhook.path, dashboard.plane.url), {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-hub-signature-256': `sha256=${createHmac('sha256', webhook.secret).update(body).digest('hex')}`,
      },
    });
    expect(status).toBe(202);
    await says('Deployed commit', second);
    await page.screenshot({ path: 'e2e/screenshots/git-source.png' });
    await settled('stack.sync');
    expect(await told('{{json .Config.Env}}')).toEqual([expect.stringContaining('GREETING=bye')]);
    await page.goto(`${address()}?tab=versions`);
    await page.locator('[data-testid=stack-version][data-version="2"]').waitFor();
  });

  it('is stopped, started, restarted and scaled', async () => {
    await page.goto(address());
    await header().getByRole('button', { name: 'Stop', exact: true }).click();
    await settled('stack.stop');
    expect(await told('{{.State.Status}}')).toEqual(['exited']);
    await service().getByText('Exited', { exact: true }).waitFor();

    await header().getByRole('button', { name: 'Start', exact: true }).click();
    await settled('stack.start');
    await service().getByText('Running', { exact: true }).waitFor();
    const [started] = await told('{{.State.StartedAt}}');

    await header().getByRole('button', { name: 'Restart', exact: true }).click();
    await settled('stack.restart');
    expect(await told('{{.State.StartedAt}}')).not.toEqual([started]);

    await service().getByRole('button', { name: 'Actions for web', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Scale…', exact: true }).click();
    await dialog('Scale web').getByLabel('Containers', { exact: true }).fill('2');
    expect(await seriousProblems(page)).toEqual([]);
    await dialog('Scale web').getByRole('button', { name: 'Scale', exact: true }).click();
    await settled('stack.scale');
    await service().locator('[data-container]').nth(1).waitFor();
    expect(await told('{{.State.Status}}')).toEqual(['running', 'running']);
  });

  it('is removed, with what connected it', async () => {
    await header()
      .getByRole('button', { name: `Actions for ${name}`, exact: true })
      .click();
    await page.getByRole('menuitem', { name: 'Remove…', exact: true }).click();
    await dialog(`Remove ${name}?`).getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('There is no such stack', { exact: true }).waitFor();
    expect(await told('{{.Id}}')).toEqual([]);
    // Once all of it is gone: its page may be told of that first.
    await eventually(async () => {
      const { server } = await client.query<{ server: { gitSource: object | null } }>(
        'query ($serverId: ID!, $name: String!) { server(id: $serverId) { gitSource(stack: $name) { id } } }',
        { serverId, name },
      );
      return server.gitSource === null;
    }, 'the end of its connection');
    expect(dashboard.tab.complaints).toEqual([]);
  });
});
