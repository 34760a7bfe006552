import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { browser, steadyBrowser } from './browser.ts';
import { nextEvent } from './events.ts';
import { describeWith } from './parts.ts';
import { plainEnv, run } from './processes.ts';

async function site(html: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(html);
  }).listen(0, '127.0.0.1');
  await nextEvent(server, 'listening');
  const { port }: AddressInfo = addressOf(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await nextEvent(server, 'close');
    },
  };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not a network address');
  return address;
}

describeWith(['chromium', 'netns'], 'the browser for tests', () => {
  test('does not see the network interfaces that containers bring and take', async () => {
    const env = plainEnv({ SERVERKIT_TEST_BROWSER: 'ip' });
    await expect(run(steadyBrowser, ['link'], { env })).rejects.toThrow(/netlink/);
    expect(await run('ip', ['link'])).toContain('lo');
  });
});

describeWith('chromium', 'the browser for tests', () => {
  test('shows a page and collects what it complains about', async () => {
    await using served = await site('<h1>hello</h1><script>throw new Error("broken page")</script>');
    await using chrome = await browser();
    await using tab = await chrome.open();
    await tab.page.goto(served.url);
    expect(await tab.page.getByRole('heading').textContent()).toBe('hello');
    expect(tab.complaints).toContain('uncaught: broken page');
  });

  test('gives each page a session of its own', async () => {
    await using served = await site('<script>document.cookie = "seen=1"</script>');
    await using chrome = await browser();
    await using first = await chrome.open();
    await first.page.goto(served.url);
    await using second = await chrome.open();
    expect(await second.page.context().cookies(served.url)).toEqual([]);
    expect(await first.page.context().cookies(served.url)).toHaveLength(1);
  });
});
