import { toFailure } from './api/failure.ts';
import { early } from './i18n.svelte.ts';

/** A failure as a sentence with a next step, in the language on show. */
export function sentence(error: unknown): string {
  const failure = toFailure(error);
  const sentences = early().errors;
  const known = new Map(Object.entries(sentences)).get(failure.code);
  return (known ?? sentences.INTERNAL)(failure);
}

/** What the API says about one part of the input: its path below `input`, such as `spec.ports.0.hostPort`, and why. */
interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Everything that the API says about parts of the input. */
export function issuesOf(error: unknown): readonly Issue[] {
  const { code, details } = toFailure(error);
  const issues = details['issues'];
  if (code !== 'INPUT_INVALID' || !Array.isArray(issues)) return [];
  return (issues as unknown[]).flatMap((issue) => {
    if (typeof issue !== 'object' || issue === null || !('path' in issue) || !('message' in issue)) return [];
    const path = Array.isArray(issue.path) ? issue.path.join('.') : String(issue.path);
    return [{ path: path.replace(/^input\./, ''), message: String(issue.message) }];
  });
}

/** What the API says about single input fields, by the first part of their path: `input.name` is `name`. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { path, message } of issuesOf(error)) {
    const field = path.split('.')[0];
    if (field) found[field] ??= message;
  }
  return found;
}
