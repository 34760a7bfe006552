import { goto } from '$app/navigation';
import { page } from '$app/state';
import { readState, writeState, type StateOf, type StateShape } from './url-state.ts';

/**
 * The state of a page that a link should carry: read from the address, written back without a new entry in the
 * history, so that "back" leaves the page.
 */
export function urlState<Shape extends StateShape>(
  shape: Shape,
): { readonly current: StateOf<Shape>; set: (change: Partial<StateOf<Shape>>) => void } {
  const current = $derived(readState(shape, page.url.searchParams));
  return {
    get current() {
      return current;
    },
    set(change) {
      const search = writeState(shape, { ...current, ...change }, page.url.searchParams);
      void goto(`${page.url.pathname}${search}`, { replace: true, reset: false });
    },
  };
}
