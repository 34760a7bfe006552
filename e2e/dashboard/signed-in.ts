import type { Page } from 'playwright-core';
import { browser, type TestBrowser, type TestPage } from '../../testing/browser.ts';
import {
  controlPlane,
  type ControlPlane,
  type ControlPlaneOptions,
  type Credentials,
} from '../../testing/control-plane.ts';
import { eventually } from '../../testing/events.ts';
import type { TestClient } from '../../testing/graphql-client.ts';

/** A control plane with its administrator signed in, in a browser of its own. */
export interface Dashboard extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly chrome: TestBrowser;
  /** On the overview to begin with. */
  readonly tab: TestPage;
}

/** @param prepare - makes what is to be there before anyone looks */
export async function openDashboard(
  options: ControlPlaneOptions = {},
  prepare?: (client: TestClient) => Promise<void>,
): Promise<Dashboard> {
  await using undo = new AsyncDisposableStack();
  const plane = undo.use(await controlPlane(options));
  if (prepare) await prepare(await plane.signIn());
  const chrome = undo.use(await browser());
  const tab = undo.use(await chrome.open());
  await signIn(tab.page, plane);
  const owned = undo.move();
  return { plane, chrome, tab, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Signs in as a person does, the administrator by default, and waits for the overview. */
export async function signIn(
  page: Page,
  plane: ControlPlane,
  credentials: Credentials = plane.admin,
): Promise<void> {
  await page.goto(`${plane.url}/sign-in`);
  await enterCredentials(page, credentials);
  await page.waitForURL(`${plane.url}/`);
}

export async function enterCredentials(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The control plane's own machine, once its agent may do everything. @returns the server's id */
export async function raisedServer(plane: ControlPlane): Promise<string> {
  const admin = await plane.signIn();
  const serverId = await eventually(async () => {
    const { servers } = await admin.query<{ servers: { nodes: { id: string; status: string }[] } }>(
      '{ servers { nodes { id status } } }',
    );
    return servers.nodes.find(({ status }) => status === 'ONLINE')?.id ?? false;
  }, 'this machine to be online');
  await admin.query(
    'mutation Raise($input: UpdateServerInput!) { updateServer(input: $input) { server { id } } }',
    { input: { serverId, profile: 'FULL_ACCESS' } },
  );
  await eventually(async () => {
    const { data } = await admin.answer<{ containerTerminals: unknown }>(
      'query ($serverId: ID!) { containerTerminals(serverId: $serverId) { id } }',
      { serverId },
    );
    return Array.isArray(data?.containerTerminals);
  }, 'the new ceiling');
  return serverId;
}

/** Requests other than WebSockets that the page makes from now on. */
export function watchRequests(page: Page): string[] {
  const seen: string[] = [];
  page.on('request', (request) => seen.push(`${request.method()} ${request.url()}`));
  return seen;
}
