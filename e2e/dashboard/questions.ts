import type { Page, Request } from 'playwright-core';
import { seriousProblems } from './axe.ts';

/** What came of a dialog that was cancelled; both are empty when all is well. */
export interface Cancelled {
  readonly problems: readonly string[];
  /** Changes that the page asked for from the question to the end of its dialog. */
  readonly sent: readonly string[];
}

/** What {@link cancelled} is to find. */
export const untouched: Cancelled = { problems: [], sent: [] };

/**
 * Has a dialog opened, judges it and leaves it again.
 * @param answer - the button that does nothing
 */
export async function cancelled(
  page: Page,
  title: string,
  ask: () => Promise<void>,
  answer = 'Cancel',
): Promise<Cancelled> {
  const sent = new Set<string>();
  // Every mutation is an HTTP request of its own.
  const note = (request: Request): void => {
    const [, operation] = /\bmutation\s+(\w+)/.exec(request.postData() ?? '') ?? [];
    if (operation !== undefined) sent.add(operation);
  };
  page.on('request', note);
  await ask();
  const dialog = page.getByRole('dialog', { name: title, exact: true });
  await dialog.waitFor();
  const problems = await seriousProblems(page);
  // The last one: a dialog that is closed has a cross above as well.
  await dialog.getByRole('button', { name: answer, exact: true }).last().click();
  await dialog.waitFor({ state: 'detached' });
  page.off('request', note);
  return { problems, sent: [...sent] };
}
