import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { chromiumPath } from './parts.ts';
import { pace, slowDown } from './slow-browser.ts';
import { tempDir } from './tmp.ts';

/** A page in a browser session of its own (cookies, storage), which is closed with it on dispose. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** What went wrong so far without the test asking: uncaught errors, console errors, requests without an answer. */
  readonly complaints: readonly string[];
}

/** A real Chromium; everything in it is gone on dispose. */
export interface TestBrowser extends AsyncDisposable {
  open(options?: BrowserContextOptions): Promise<TestPage>;
}

/** Keeps Chromium from talking to anyone but the pages under test. */
const quiet = [
  '--no-sandbox', // Its sandbox refuses to run as root, as tests in containers do.
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a step of a test waits for what it needs, in milliseconds: a busy machine is slow, and not wrong. */
const patience = 60_000;

/** Starts the browser deaf to interfaces that come and go with containers; the file says why. */
export const steadyBrowser = fileURLToPath(new URL('steady-browser.pl', import.meta.url));

/** Starts Debian's Chromium: `await using chrome = await browser()`. Use it inside `describeWith('chromium', …)`. */
export async function browser(): Promise<TestBrowser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('Chromium is not installed');
  const slowness = pace('SERVERKIT_TEST_SLOW', 1);
  const profile = await tempDir('serverkit-chromium-');
  const instance = await chromium.launch({
    executablePath: steadyBrowser,
    args: quiet,
    slowMo: pace('SERVERKIT_TEST_HESITATE', 0),
    env: { HOME: profile.path, SERVERKIT_TEST_BROWSER: executablePath },
  });
  return {
    async open(options) {
      const context = await instance.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      context.setDefaultTimeout(patience);
      const page = await context.newPage();
      if (slowness > 1) await slowDown(page, slowness);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error')
          complaints.push(`console: ${message.text()} (${message.location().url})`);
      });
      page.on('requestfailed', (request) => {
        // The page itself cancels requests when it is left.
        const reason = request.failure()?.errorText ?? '';
        if (reason !== 'net::ERR_ABORTED') complaints.push(`request: ${request.url()} ${reason}`);
      });
      return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
    },
    async [Symbol.asyncDispose]() {
      await instance.close();
      await profile[Symbol.asyncDispose]();
    },
  };
}
