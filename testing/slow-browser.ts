import type { Page } from 'playwright-core';

/** How much later an answer comes for each time that the browser is slower, in milliseconds. */
const latencyMs = 60;

/**
 * What a number in the environment says, or `usual` without one. `SERVERKIT_TEST_SLOW=6` gives the pages of all browser
 * tests a processor six times slower and answers that come late; `SERVERKIT_TEST_HESITATE=300` lets 300 ms pass before
 * each step of a test, so that a page is always faster. A test that fails under either races with the page, and will
 * fail some day on a busy machine: it has to wait for what its next step needs.
 *
 * @throws when it is no number
 */
export function pace(name: 'SERVERKIT_TEST_SLOW' | 'SERVERKIT_TEST_HESITATE', usual: number): number {
  const text = process.env[name] ?? '';
  const value = text === '' ? usual : Number(text);
  if (!Number.isFinite(value)) throw new Error(`${name} has to be a number`);
  return value;
}

/** Slows a page down: its processor, what it loads, and both directions of its WebSockets. */
export async function slowDown(page: Page, times: number): Promise<void> {
  const latency = latencyMs * times;
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: times });
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
  await page.routeWebSocket(/./, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => void setTimeout(() => server.send(message), latency));
    server.onMessage((message) => void setTimeout(() => socket.send(message), latency));
  });
}
