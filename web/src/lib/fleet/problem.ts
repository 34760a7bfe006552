import { early } from '../i18n.svelte.ts';
import type { Problem } from './fleet-server.svelte.ts';

/** A problem in words, in the language on show. */
export function problemText(problem: Problem): string {
  return early().problems[problem.code](problem);
}
