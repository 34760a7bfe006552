import { manyOf, oneOf, textParameter, words } from '../url-state.ts';
import { imageSorts, imageUses } from './select.ts';

/** What a link to a list of images carries. */
export const imageListState = {
  q: textParameter(),
  use: manyOf(imageUses),
  sort: oneOf(imageSorts, 'newest'),
  server: words(),
};
