import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browser, type TestBrowser } from '../../testing/browser.ts';
import { controlPlane, type ControlPlane } from '../../testing/control-plane.ts';
import { container, type TestContainer } from '../../testing/docker.ts';
import { describeWith } from '../../testing/parts.ts';
import type { TestClient } from '../../testing/graphql-client.ts';
import { seriousProblems } from './axe.ts';
import { fillIn, routesOnDisk } from './routes.ts';
import { signIn } from './signed-in.ts';

const screenshots = 'e2e/screenshots';

const themes = ['light', 'dark'] as const;
const widths = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** Pages that are shown to nobody who is signed in. */
const doorway = new Set(['/sign-in', '/setup', '/invitation', '/reset']);

/**
 * WCAG 2.2 AA on every page, with data, in both themes and at both ends of width. Leaves a picture of each behind, for
 * people to look at.
 */
describeWith(['docker', 'chromium'], 'every page is accessible', () => {
  let plane: ControlPlane;
  let fresh: ControlPlane;
  let chrome: TestBrowser;
  let box: TestContainer;
  let parameters: Record<string, string>;
  let invitation: string;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    box = await container({
      command: ['sh', '-c', 'echo hello; echo trouble >&2; sleep infinity'],
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
    });
    plane = await controlPlane({ env: { SERVERKIT_LOCAL_AGENT: 'on' } });
    fresh = await controlPlane({ env: { SERVERKIT_ADMIN_EMAIL: '', SERVERKIT_ADMIN_PASSWORD: '' } });
    const client = await plane.signIn();
    const events = client.subscribe<{ containerEvents: { serverId: string; containers: { id: string }[] } }>(
      'subscription { containerEvents { serverId containers { id } } }',
    );
    const { containerEvents } = await events.next(({ containerEvents: { containers } }) =>
      containers.some(({ id }) => id === box.id),
    );
    await events[Symbol.asyncDispose]();
    const { viewer } = await client.query<{ viewer: { user: { id: string } } }>('{ viewer { user { id } } }');
    parameters = { id: containerEvents.serverId, containerId: box.id, userId: viewer.user.id, name: 'shop' };
    invitation = await invite(client);
    await group(client, containerEvents.serverId);
    chrome = await browser();
  });
  afterAll(async () => {
    await chrome?.[Symbol.asyncDispose]();
    await plane?.[Symbol.asyncDispose]();
    await fresh?.[Symbol.asyncDispose]();
    await box?.[Symbol.asyncDispose]();
  });

  it('knows pages to walk', () => {
    expect(routesOnDisk()).toContain('/servers/[id]');
  });

  for (const theme of themes) {
    for (const [width, viewport] of Object.entries(widths)) {
      it(`in the ${theme} theme, ${width}`, async () => {
        await using tab = await chrome.open({ colorScheme: theme, viewport, reducedMotion: 'reduce' });
        const { page } = tab;
        const found: string[] = [];
        const look = async (route: string, url: string): Promise<void> => {
          await page.goto(url);
          await settled(page);
          // A page that sends people elsewhere would otherwise be judged by where they end up.
          expect(page.url()).toBe(url);
          const name = route.replaceAll(/[^a-zA-Z]+/g, '-').replaceAll(/^-|-$/g, '') || 'overview';
          await page.screenshot({ path: `${screenshots}/${name}-${theme}-${width}.png` });
          found.push(...(await seriousProblems(page)).map((problem) => `${route}: ${problem}`));
        };
        await look('/sign-in', `${plane.url}/sign-in`);
        await look('/setup', `${fresh.url}/setup`);
        await look('/invitation', invitation);
        await look('/reset', `${plane.url}/reset`);
        await signIn(page, plane);
        for (const route of routesOnDisk()) {
          if (!doorway.has(route)) await look(route, plane.url + fillIn(route, parameters));
        }
        expect(found).toEqual([]);
        expect(tab.complaints).toEqual([]);
      });
    }
  }
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
  await page.waitForFunction(() => document.querySelector('[aria-busy=true], .skeleton') === null);
  await page.evaluate(() => document.fonts.ready);
}
