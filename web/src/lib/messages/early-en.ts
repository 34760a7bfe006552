import * as access from './en/access.ts';
import * as account from './en/account.ts';
import * as failures from './en/failures.ts';
import * as frame from './en/frame.ts';
import * as security from './en/security.ts';
import * as servers from './en/servers.ts';
import type { Widened } from './types.ts';

/** What the first pages say, and what is said around every page: the first paint waits for no other texts. */
export const en = {
  ...access,
  ...account,
  ...failures,
  ...frame,
  ...security,
  ...servers,
};

export type EarlyMessages = Widened<typeof en>;
