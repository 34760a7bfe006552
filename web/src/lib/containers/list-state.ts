import { manyOf, oneOf, textParameter, words } from '../url-state.ts';
import { containerSorts, containerStates } from './select.ts';

/** What a link to a list of containers carries. */
export const containerListState = {
  q: textParameter(),
  state: manyOf(containerStates),
  sort: oneOf(containerSorts, 'worst'),
  server: words(),
};
