import { goto } from '$app/navigation';
import { navigating, page } from '$app/state';
import { readState, writeState, type StateOf, type StateShape } from './url-state.ts';

/**
 * The state of a page that a link should carry: read from the address, written back without a new entry in the
 * history, so that "back" leaves the page. A change that comes before the last one is in the address adds to it, and one
 * that comes while another page is opened is dropped: it would call the person back.
 */
export function urlState<Shape extends StateShape>(
  shape: Shape,
): { readonly current: StateOf<Shape>; set: (change: Partial<StateOf<Shape>>) => void } {
  /** What the address will say in a moment; null when it says all. */
  let coming = $state.raw<StateOf<Shape> | null>(null);
  const current = $derived(coming ?? readState(shape, page.url.searchParams));

  return {
    get current() {
      return current;
    },
    set(change) {
      const { to } = navigating;
      if (to && to.url.pathname !== page.url.pathname) return;
      const wanted = { ...current, ...change };
      coming = wanted;
      const search = writeState(shape, wanted, page.url.searchParams);
      void goto(`${page.url.pathname}${search}`, { replace: true, reset: false }).finally(() => {
        if (coming === wanted) coming = null;
      });
    },
  };
}
