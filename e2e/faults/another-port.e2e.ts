import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser, type TestBrowser, type TestPage } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import { GraphQLFailure } from '../../testing/graphql-client.ts';
import { describeWith } from '../../testing/parts.ts';
import { signIn } from '../dashboard/signed-in.ts';

/** A page of somebody else's on another port of this very host: a container, say, that was published. */
describeWith('chromium', 'a page on another port of the same host', () => {
  const undo = new AsyncDisposableStack();
  let plane: ControlPlane;
  let chrome: TestBrowser;
  let mine: TestPage;
  let elsewhere: string;
  /** What the other server was sent along, as browsers do not tell ports apart where cookies are concerned. */
  let stolen = '';

  beforeAll(async () => {
    plane = undo.use(await controlPlane());
    const server = createServer((request: IncomingMessage, response) => {
      stolen ||= request.headers.cookie ?? '';
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>elsewhere</title>');
    }).listen(0, '127.0.0.1');
    undo.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    const address = server.address();
    elsewhere = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    chrome = undo.use(await browser());
    mine = undo.use(await chrome.open());
    await signIn(mine.page, plane);
    // Of the same browser: same cookies, another origin.
    await mine.page.goto(elsewhere);
  });
  afterAll(() => undo.disposeAsync());

  const change = 'mutation { signOut(input: {}) { ok } }';

  test('is sent the cookie, which alone is nobody', async () => {
    expect(stolen).toMatch(/serverkit[^=]*=[\w-]{43}/);
    const [cookie = ''] = /serverkit[^;]*/.exec(stolen) ?? [];
    const thief = plane.anonymous().with({ session: { cookie } });
    await expect(thief.query('{ viewer { scopes } }')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await using stream = thief.subscribe('subscription { serverEvents { kind } }');
    expect(await stream.ended).toBeInstanceOf(GraphQLFailure);
  });

  test.each([
    ['asks as a script may', 'cors', 'application/json'],
    ['asks without wanting an answer', 'no-cors', 'text/plain'],
  ] as const)('and %s: nothing is told, nothing is done', async (_how, mode, type) => {
    const told = await mine.page.evaluate(
      async ([url, body, wanted, contentType]) => {
        try {
          const answer = await fetch(`${url}/graphql`, {
            method: 'POST',
            credentials: 'include',
            mode: wanted,
            headers: { 'content-type': contentType },
            body,
          });
          return `${answer.type} ${await answer.text()}`;
        } catch (error) {
          return String(error);
        }
      },
      [plane.url, JSON.stringify({ query: change }), mode, type] as const,
    );
    // Opaque, or kept from the page altogether by our Cross-Origin-Resource-Policy.
    expect(told).toMatch(
      mode === 'cors' ? /^TypeError: Failed to fetch/ : /^(opaque $|TypeError: Failed to fetch)/,
    );
    await expectStillSignedIn();
  });

  test('and sends a form: nothing is done', async () => {
    await mine.page.evaluate((url) => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'POST', enctype: 'text/plain', action: `${url}/graphql` });
      const field = document.createElement('input');
      field.name = '{"query":"mutation { signOut(input: {}) { ok } }","x":"';
      field.value = '"}';
      form.append(field);
      document.body.append(form);
      form.submit();
    }, plane.url);
    await mine.page.waitForURL(`${plane.url}/graphql`);
    expect(await mine.page.textContent('body')).toContain('This page is not part of this ServerKit');
    await mine.page.goto(elsewhere);
    await expectStillSignedIn();
  });

  test('and opens a socket: it is not let in', async () => {
    const ended = await mine.page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
          socket.addEventListener('open', () => resolve('open'));
          socket.addEventListener('close', ({ code }) => resolve(code));
        }),
      plane.url,
    );
    expect(ended).toBe(1006);
  });

  test('and frames the dashboard: it does not show', async () => {
    const { page } = mine;
    await page.evaluate((url) => {
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
    }, plane.url);
    const frame = await (await page.waitForSelector('iframe')).contentFrame();
    // Until the answer is there, a frame shows nothing whoever may frame what.
    await eventually(
      () => /frame-ancestors|X-Frame-Options/.test(mine.complaints.join('\n')),
      'the browser to refuse',
    );
    expect(await frame?.locator('main').count()).toBe(0);
  });

  async function expectStillSignedIn(): Promise<void> {
    await using tab = await chrome.open({ storageState: await mine.page.context().storageState() });
    await tab.page.goto(`${plane.url}/servers`);
    await tab.page.getByRole('main').waitFor();
    expect(tab.page.url()).toBe(`${plane.url}/servers`);
    await tab.page.getByRole('heading', { name: 'Servers' }).first().waitFor();
  }
});
