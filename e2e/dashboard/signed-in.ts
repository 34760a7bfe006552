import type { Page } from 'playwright-core';
import type { ControlPlane, Credentials } from '../../testing/control-plane.ts';

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

/** Requests other than WebSockets that the page makes from now on. */
export function watchRequests(page: Page): string[] {
  const seen: string[] = [];
  page.on('request', (request) => seen.push(`${request.method()} ${request.url()}`));
  return seen;
}
