import {
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
} from '@codemirror/autocomplete';
import type { EditorView } from '@codemirror/view';

/** Before the names where a reference to a secret is begun: `${`, `${sec`, `${secret:`, `${secret:db_`. */
const begun = /\$\{(?:secret:([\w.-]*)|[a-z]*)$/;

/**
 * Names of secrets where a reference to one is written, whatever line it is on.
 *
 * @param line - up to the cursor
 * @param after - what follows it
 * @returns null where none is written; `typed` is how much of the options stands there already
 */
export function secretsAt(
  line: string,
  after: string,
  names: readonly string[],
): { readonly typed: string; readonly options: Completion[] } | null {
  if (names.length === 0) return null;
  const found = begun.exec(line);
  if (!found) return null;
  const [whole, name] = found;
  if (name === undefined) {
    const typed = whole.slice(2);
    return 'secret:'.startsWith(typed) ? { typed, options: [{ label: 'secret:', apply: andGoOn }] } : null;
  }
  const end = after.startsWith('}') ? '' : '}';
  return {
    typed: name,
    options: names.map((label) => ({ label, type: 'constant', apply: `${label}${end}` })),
  };
}

/** The names are what comes next. */
function andGoOn(view: EditorView, { label }: Completion, from: number, to: number): void {
  view.dispatch({ changes: { from, to, insert: label }, selection: { anchor: from + label.length } });
  startCompletion(view);
}

/** Completes names of secrets, and leaves the rest to another. */
export function withSecrets(names: readonly string[], others: CompletionSource): CompletionSource {
  return (context: CompletionContext): ReturnType<CompletionSource> => {
    const { state, pos } = context;
    const { from, to, text } = state.doc.lineAt(pos);
    const found = secretsAt(text.slice(0, pos - from), state.sliceDoc(pos, to), names);
    if (!found) return others(context);
    const result: CompletionResult = {
      from: pos - found.typed.length,
      options: found.options,
      validFor: /^[\w.-]*$/,
    };
    return result;
  };
}
