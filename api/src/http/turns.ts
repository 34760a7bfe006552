import { Shares } from '../shares.ts';

/** Transfers at once: each takes a window of a link. */
export const transferTurns = (): Shares =>
  new Shares({ each: 8, all: 64, refusal: 'Other transfers are running. Wait for one to end.' });
