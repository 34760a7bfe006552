import * as access from './fr/access.ts';
import * as account from './fr/account.ts';
import * as failures from './fr/failures.ts';
import * as frame from './fr/frame.ts';
import * as security from './fr/security.ts';
import * as servers from './fr/servers.ts';
import type { EarlyMessages } from './early-en.ts';

export const fr: EarlyMessages = {
  ...access,
  ...account,
  ...failures,
  ...frame,
  ...security,
  ...servers,
};
