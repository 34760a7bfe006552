import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser, type TestBrowser, type TestPage } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container, type TestContainer } from '../../testing/docker.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { fillIn, routesOnDisk } from '../dashboard/routes.ts';
import { signIn } from '../dashboard/signed-in.ts';
import { addServer, untilStatus } from '../install/plane.ts';
import { managedHost } from './host.ts';

/** Runs wherever text is taken for markup; each place is told by its mark. */
const markup = (mark: string) =>
  `"'><img src=x onerror="window.struck='${mark}'"><script>struck='${mark}'</script>`;

/** Docker takes no name of a label with a space or an equals sign in it. */
const labelName = `"'><script>eval(window.name)</script>`;

const longLine = 10 * 1024 * 1024;

/** What a container says: steering sequences, links, bytes that are no text, one line without an end, and then something plain. */
const script = [
  String.raw`printf '\033]0;owned\007\033[2J\033[1;31mred\033[0m %s\n' "$HOSTILE"`,
  String.raw`printf '\033]8;;javascript:alert(1)\033\\link\033]8;;\033\\\n'`,
  String.raw`printf 'broken \377\376\300\257 \355\240\200 bytes\n'`,
  String.raw`printf 'turned \342\200\256 around\n'`,
  `head -c ${longLine} /dev/zero | tr '\\0' x; echo`,
  'echo "the last line"',
  'trap "exit 0" TERM; sleep infinity & wait',
].join('\n');

declare global {
  interface Window {
    struck?: string;
  }
}

describeWith(
  ['docker', 'chromium'],
  'hostile names, labels and log bytes on their way to the browser',
  () => {
    const undo = new AsyncDisposableStack();
    let plane: ControlPlane;
    let client: TestClient;
    let chrome: TestBrowser;
    let box: TestContainer;
    let tab: TestPage;
    let serverId: string;

    beforeAll(async () => {
      box = undo.use(
        await container({
          command: ['sh', '-c', script, markup('argument')],
          labels: { [labelName]: markup('value'), 'com.docker.compose.project': markup('project') },
          // prettier-ignore
          options: [
          '--env', `HOSTILE=${markup('log')}`, '--env', `${markup('name').replaceAll('=', '')}=1`,
          '--workdir', `/${markup('folder')}`, '--tmpfs', `/${markup('mount')}`,
        ],
        }),
      );
      plane = undo.use(await controlPlane());
      client = await plane.signIn();
      const host = undo.use(await managedHost({ docker: '/var/run/docker.sock' }));
      const added = await addServer(client, 'host');
      ({ serverId } = added);
      await host.register(plane.url, added.token);
      await host.start();
      await untilStatus(client, serverId, 'ONLINE');
      await client.query(
        'mutation ($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
        {
          input: {
            serverId,
            name: `<img src=x onerror="window.struck='server'"> {{7*7}}`,
            description: markup('description'),
            tags: [`<svg onload="struck='tag'">`],
          },
        },
      );
      // A refusal, and a session with a name of its own.
      await client.answer('mutation ($input: SignInInput!) { signIn(input: $input) { sessionProof } }', {
        input: { email: markup('email'), password: markup('password') },
      });
      await client
        .with({ headers: { 'user-agent': markup('agent') } })
        .answer(
          'mutation ($input: StopContainerInput!) { stopContainer(input: $input) { container { id } } }',
          { input: { serverId, containerId: 'nothing-of-that-name' } },
        );
      chrome = undo.use(await browser());
      tab = undo.use(await chrome.open({ userAgent: `Mozilla/5.0 ${markup('browser')}` }));
      await signIn(tab.page, plane);
    });
    afterAll(() => undo.disposeAsync());

    /** Nothing was taken for markup, nor tried to be: the content policy would have complained. */
    async function expectUnharmed(page: Page): Promise<void> {
      expect(await page.evaluate(() => window.struck)).toBeUndefined();
      expect(tab.complaints).toEqual([]);
    }

    test('harm no page', async () => {
      const { page } = tab;
      const doorway = new Set(['/sign-in', '/setup']);
      const { viewer } = await client.query<{ viewer: { user: { id: string } } }>(
        '{ viewer { user { id } } }',
      );
      const parameters = { id: serverId, containerId: box.id, userId: viewer.user.id, name: 'unknown' };
      for (const route of routesOnDisk().filter((path) => !doorway.has(path))) {
        await page.goto(plane.url + fillIn(route, parameters));
        await page.locator('main').first().waitFor();
        await page.waitForFunction(() => document.querySelector('[aria-busy=true], .skeleton') === null);
        await expectUnharmed(page);
      }
      expect(await page.evaluate(() => document.querySelectorAll('img[src=x], svg[onload]').length)).toBe(0);
    });

    test('are shown as the text they are', async () => {
      const { page } = tab;
      await page.goto(`${plane.url}/servers/${serverId}`);
      await page.getByText(`onerror="window.struck='server'"> {{7*7}}`).first().waitFor();
      await page.goto(`${plane.url}/servers/${serverId}/containers/${box.id}`);
      await page.getByText(markup('value')).first().waitFor();
      await expectUnharmed(page);
    });

    test('leave a log that can be read, with its last line after one of ten megabytes', async () => {
      const { page } = tab;
      await page.goto(`${plane.url}/servers/${serverId}/containers/${box.id}`);
      await page.getByRole('main').getByRole('link', { name: 'Logs', exact: true }).click();
      const lines = page.getByTestId('log-lines');
      await lines.getByText('the last line').waitFor({ timeout: 60_000 });
      await expectUnharmed(page);
      expect(await page.title()).not.toContain('owned');
      expect(await page.evaluate(() => document.querySelectorAll('a[href^="javascript"]').length)).toBe(0);
      // The page still answers.
      await page.getByRole('main').getByRole('link', { name: 'Overview', exact: true }).click();
      await page.getByText(markup('value')).first().waitFor();
    });

    test('leave a log whose bytes are those of the container, as far as they are text', async () => {
      interface Logs {
        readonly containerLogs: { readonly segments: readonly { readonly text: string }[] };
      }
      await using log = client.subscribe<Logs>(
        'subscription ($s: ID!, $c: ID!) { containerLogs(serverId: $s, containerId: $c, follow: false) { segments { text } } }',
        { s: serverId, c: box.id },
      );
      let text = '';
      while (!text.endsWith('the last line\n')) {
        const { containerLogs } = await log.next(undefined, 'the rest of the log', 60_000);
        text += containerLogs.segments.map((segment) => segment.text).join('');
      }
      const [red, link, broken, turned, long, last] = text.split('\n');
      expect(red).toBe(`\u001b]0;owned\u0007\u001b[2J\u001b[1;31mred\u001b[0m ${markup('log')}`);
      expect(link).toBe('\u001b]8;;javascript:alert(1)\u001b\\link\u001b]8;;\u001b\\');
      expect(broken).toMatch(/^broken \ufffd+ \ufffd+ bytes$/);
      expect(turned).toBe('turned \u202e around');
      expect(long).toHaveLength(longLine);
      expect(last).toBe('the last line');
    });
  },
);
