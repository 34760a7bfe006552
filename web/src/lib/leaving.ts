import type { beforeNavigate } from '$app/navigation';

type Before = Parameters<Parameters<typeof beforeNavigate>[0]>[0];
interface Navigation extends Pick<Before, 'type' | 'cancel'> {
  readonly from: { readonly url: URL } | null;
  readonly to: { readonly url: URL } | null;
}

/**
 * Asks whoever leaves a page on which they wrote something, for SvelteKit's `beforeNavigate`.
 *
 * @param unsaved - whether anything would be lost
 * @param question - what to ask then
 */
export function leaving(unsaved: () => boolean, question: () => string): (navigation: Navigation) => void {
  return ({ from, to, type, cancel }) => {
    // Another tab of the same page keeps what was written.
    if (!unsaved() || (to !== null && to.url.pathname === from?.url.pathname)) return;
    // The browser itself asks who closes the tab.
    if (type === 'leave' || !confirm(question())) cancel();
  };
}
