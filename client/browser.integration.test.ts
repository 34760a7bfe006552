import { once } from 'node:events';
import { createServer } from 'node:http';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiToken } from '../testing/api-token.ts';
import { browser, type TestBrowser } from '../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../testing/control-plane.ts';
import { packedClient } from '../testing/packed-client.ts';
import { describeWith } from '../testing/parts.ts';

/** What a tool of somebody else does; the token stands where only its page can read it. */
const program = /* TypeScript */ `
  import { createClient, ServersDocument, watchMetrics } from '@serverkit/client';

  const [url, token] = decodeURIComponent(location.hash.slice(1)).split(' ');
  const show = (text) => document.body.append(text + '\\n');
  const client = createClient({ url, token });
  try {
    const { servers } = await client.request(ServersDocument);
    show(servers.nodes.map(({ name }) => name).join() + ' listed');
    for await (const { sample } of watchMetrics(client)) show(typeof sample.cpuPercent + ' watched');
  } catch (error) {
    show(error.code);
  }
`;

/** A page on an origin of its own, made of the packed client as bundlers make them. */
async function page(): Promise<AsyncDisposable & { readonly origin: string }> {
  await using folder = await packedClient();
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: folder.path },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
  const script = outputFiles[0]?.text ?? '';
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript
        ? script
        : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describeWith('chromium', 'the packed client in a page of another origin', () => {
  const undo = new AsyncDisposableStack();
  let chrome: TestBrowser;
  let listed: string;
  let unlisted: string;
  let plane: ControlPlane;
  let hash: string;

  beforeAll(async () => {
    [listed, unlisted] = [undo.use(await page()).origin, undo.use(await page()).origin];
    plane = undo.use(
      await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on', SERVERKIT_CORS_ORIGINS: listed } }),
    );
    const { secret } = await apiToken(await plane.signIn(), 'servers:read', 'system:metrics:read');
    hash = `#${encodeURIComponent(`${plane.url} ${secret}`)}`;
    chrome = undo.use(await browser());
  });
  afterAll(() => undo.disposeAsync());

  test('lists and watches with a token, when its origin is listed', async () => {
    await using opened = await chrome.open();
    await opened.page.goto(`${listed}/${hash}`);
    await opened.page.getByText('number watched').waitFor();
    expect(await opened.page.textContent('body')).toContain(' listed');
    expect(opened.complaints).toEqual([]);
  });

  test('gets through to nothing, when it is not', async () => {
    await using opened = await chrome.open();
    await opened.page.goto(`${unlisted}/${hash}`);
    await opened.page.getByText('CONNECTION_FAILED').waitFor();
  });
});
