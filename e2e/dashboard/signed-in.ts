import type { Page } from 'playwright-core';
import type { ControlPlane } from '../../testing/control-plane.ts';

/** Signs in as a person does, and waits for the overview. */
export async function signIn(page: Page, plane: ControlPlane): Promise<void> {
  await page.goto(`${plane.url}/sign-in`);
  await page.getByLabel('E-mail address').fill(plane.admin.email);
  await page.getByLabel('Password').fill(plane.admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${plane.url}/`);
}

/** Requests other than WebSockets that the page makes from now on. */
export function watchRequests(page: Page): string[] {
  const seen: string[] = [];
  page.on('request', (request) => seen.push(`${request.method()} ${request.url()}`));
  return seen;
}
