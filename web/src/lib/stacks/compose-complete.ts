import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { keysAt, valuesAt, type KeyForm } from './compose-keys.ts';
import { namesIn, placeIn, type ComposePlace } from './compose-place.ts';

/** What may be written at a place of a Compose file: keys that it does not have yet, values, names of the same file. */
export function suggestions(text: string, place: ComposePlace): Completion[] {
  const { path, key, taken, column } = place;
  if (key !== null) return valuesOf(text, [...path, key]);
  const keys = Object.entries(keysAt(path))
    .filter(([name]) => !taken.has(name))
    .map(([name, form]) => ({ label: name, type: 'property', apply: `${name}:${below(form, column)}` }));
  // Below `networks` of a service there are names of networks, as items or as keys.
  const names = path.at(-1) === '[]' ? valuesOf(text, path) : namesBelow(text, path, taken);
  return [...keys, ...names];
}

function valuesOf(text: string, path: readonly string[]): Completion[] {
  const found = valuesAt(path);
  // A service neither waits for itself nor extends itself.
  const names = typeof found === 'string' ? namesIn(text, found).filter((name) => name !== path[1]) : found;
  return names.map((label) => ({ label, type: 'constant' }));
}

/** Names that are keys: `depends_on` and `networks` of a service in their long form. */
function namesBelow(text: string, path: readonly string[], taken: ReadonlySet<string>): Completion[] {
  if (typeof valuesAt([...path, 'any']) !== 'string') return [];
  return valuesOf(text, [...path, 'any'])
    .filter(({ label }) => !taken.has(label))
    .map(({ label }) => ({ label, type: 'constant', apply: `${label}:` }));
}

/** Where writing goes on behind a key. */
function below(form: KeyForm, column: number): string {
  if (form === 'value') return ' ';
  const indent = ' '.repeat(column + 2);
  return `\n${indent}${form === 'list' ? '- ' : ''}`;
}

/** For the editor. */
export function completeCompose({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const text = state.doc.toString();
  const place = placeIn(text, pos);
  if (!place || (!explicit && place.typed === '' && place.key === null)) return null;
  const options = suggestions(text, place);
  return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w.$/-]*$/ };
}
