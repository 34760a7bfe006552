import { toFailure } from './api/failure.ts';
import { t } from './i18n.svelte.ts';

/** A failure as a sentence with a next step, in the language on show. */
export function sentence(error: unknown): string {
  const failure = toFailure(error);
  const sentences = t().errors;
  const known = new Map(Object.entries(sentences)).get(failure.code);
  return (known ?? sentences.INTERNAL)(failure);
}

/** What the API says about single input fields, by the last part of their path: `input.name` is `name`. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  const { code, details } = toFailure(error);
  const issues = details['issues'];
  if (code !== 'INPUT_INVALID' || !Array.isArray(issues)) return {};
  const found: Record<string, string> = {};
  for (const issue of issues as unknown[]) {
    if (typeof issue !== 'object' || issue === null || !('path' in issue) || !('message' in issue)) continue;
    const path = Array.isArray(issue.path) ? issue.path.join('.') : String(issue.path);
    const field = path.replace(/^input\./, '').split('.')[0];
    if (field) found[field] ??= String(issue.message);
  }
  return found;
}
