import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browser, type TestBrowser } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { describeWith } from '../../testing/parts.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { seriousProblems } from './axe.ts';
import { furnished, type Furnished } from './furnished.ts';
import { fillIn, routesOnDisk } from './routes.ts';
import { signIn } from './signed-in.ts';

const screenshots = 'e2e/screenshots';

type Theme = 'light' | 'dark';
const widths = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const walks = [
  { width: 'wide', loaded: 'light', switched: 'dark' },
  { width: 'phone', loaded: 'dark', switched: 'light' },
] as const;
/** What else a page shows. */
const tabs: Readonly<Record<string, readonly string[]>> = {
  '/servers/[id]/containers/[containerId]': [
    'stats',
    'logs',
    'terminal',
    'files',
    'processes',
    'environment',
    'changes',
    'inspect',
  ],
  '/servers/[id]/stacks/[name]': ['logs', 'files', 'versions', 'source'],
};
/** Pages that are shown to nobody who is signed in. */
const doorway = new Set(['/sign-in', '/setup', '/invitation', '/reset']);

/**
 * WCAG 2.2 AA on every page, with data, in both themes and at both ends of width. Leaves a picture of each behind, for
 * people to look at.
 */
describeWith(['docker', 'compose', 'chromium'], 'every page is accessible', () => {
  let plane: ControlPlane;
  let fresh: ControlPlane;
  let chrome: TestBrowser;
  let made: Furnished;
  let parameters: Record<string, string>;
  let invitation: string;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    fresh = await controlPlane({ env: { SERVERKIT_ADMIN_EMAIL: '', SERVERKIT_ADMIN_PASSWORD: '' } });
    const client = await plane.signIn();
    made = await furnished(plane);
    const { serverId, containerId, name } = made;
    const { viewer } = await client.query<{ viewer: { user: { id: string } } }>('{ viewer { user { id } } }');
    parameters = { id: serverId, containerId, userId: viewer.user.id, name };
    invitation = await invite(client);
    await group(client, serverId);
    chrome = await browser();
  });
  afterAll(async () => {
    await chrome?.[Symbol.asyncDispose]();
    await made?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
    await fresh?.[Symbol.asyncDispose]();
  });

  it('knows pages to walk', () => {
    expect(routesOnDisk()).toContain('/servers/[id]');
  });

  // Half of all that this costs is loading pages: each comes once at either width, and once in either theme, and takes on
  // the other theme in place.
  it.each(walks)('$width, loaded in the $loaded theme and shown in the $switched one', async (walk) => {
    const { width, loaded, switched } = walk;
    await using tab = await chrome.open({
      colorScheme: loaded,
      viewport: widths[width],
      reducedMotion: 'reduce',
    });
    const { page } = tab;
    const found: string[] = [];
    const judge = async (route: string, theme: Theme): Promise<void> => {
      await inTheme(page, theme);
      const name = route.replaceAll(/[^a-zA-Z]+/g, '-').replaceAll(/^-|-$/g, '') || 'overview';
      await page.screenshot({ path: `${screenshots}/${name}-${theme}-${width}.png` });
      found.push(...(await seriousProblems(page)).map((problem) => `${route}, ${theme}: ${problem}`));
    };
    const look = async (route: string, url: string): Promise<void> => {
      await page.emulateMedia({ colorScheme: loaded });
      await page.goto(url);
      await settled(page);
      // A page that sends people elsewhere would otherwise be judged by where they end up.
      expect(page.url()).toBe(url);
      await judge(route, loaded);
      await page.emulateMedia({ colorScheme: switched });
      await settled(page);
      await judge(route, switched);
    };
    await look('/sign-in', `${plane.url}/sign-in`);
    await look('/setup', `${fresh.url}/setup`);
    await look('/invitation', invitation);
    await look('/reset', `${plane.url}/reset`);
    await signIn(page, plane);
    for (const route of routesOnDisk()) {
      if (doorway.has(route)) continue;
      const url = plane.url + fillIn(route, parameters);
      await look(route, url);
      for (const part of tabs[route] ?? []) await look(`${route}-${part}`, `${url}?tab=${part}`);
    }
    expect(found).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });
});

/** Somebody who has not come yet, for the lists; answers with their link. */
async function invite(client: TestClient): Promise<string> {
  const { inviteUser } = await client.query<{ inviteUser: { link: string } }>(
    'mutation { inviteUser(input: { email: "ada@example.com", name: "Ada", role: OPERATOR }) { link } }',
  );
  return inviteUser.link;
}

/** A group in another, with a server. */
async function group(client: TestClient, serverId: string): Promise<void> {
  const create =
    'mutation ($input: CreateServerGroupInput!) { createServerGroup(input: $input) { group { id } } }';
  interface Created {
    createServerGroup: { group: { id: string } };
  }
  const europe = await client.query<Created>(create, {
    input: { name: 'Europe', colour: 'BLUE', icon: 'globe' },
  });
  const parentId = europe.createServerGroup.group.id;
  const inner = await client.query<Created>(create, {
    input: { name: 'Production', colour: 'RED', icon: 'rocket', parentId },
  });
  await client.query('mutation ($input: MoveServersInput!) { moveServers(input: $input) { ok } }', {
    input: { serverIds: [serverId], groupId: inner.createServerGroup.group.id },
  });
}

/** Data is there: the page is shown and no skeleton is left. */
async function settled(page: Page): Promise<void> {
  await page.locator('main').first().waitFor();
  await page.waitForFunction(
    () => document.querySelector('[aria-busy=true], .bg-line.animate-pulse') === null,
  );
  await page.evaluate(() => document.fonts.ready);
}

/** The page shows itself in this theme, to its last colour. */
async function inTheme(page: Page, theme: Theme): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      document.documentElement.dataset['theme'] === wanted &&
      !document.getAnimations().some((change) => change instanceof CSSTransition),
    theme,
  );
}
