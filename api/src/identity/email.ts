import * as z from 'zod';

/** An e-mail address as people type it. */
export const emailShape = z.string().trim().max(254).pipe(z.email('must be an e-mail address'));

/** Addresses are compared without case, as people type them either way. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}
