import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type CompletionSource,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { withOwnStyles } from '../own-styles.ts';
import { languageOf, type Language } from './languages.ts';
import { theme } from './theme.ts';

/** Something that is wrong with a text. */
export interface Mark {
  /** From 1; null where it cannot be told. */
  readonly line: number | null;
  readonly message: string;
}

export interface EditorOptions {
  readonly text: string;
  readonly language: Language;
  /** For people who do not see it. */
  readonly label: string;
  readonly readOnly: boolean;
  readonly complete?: CompletionSource | undefined;
  readonly onChange: (text: string) => void;
}

/** Imported when a text is edited: it is larger than the rest of the dashboard. */
export interface Editor {
  /** Shows this instead of what is there; not told as a change. */
  setText(text: string): void;
  mark(marks: readonly Mark[]): void;
  focus(): void;
  close(): void;
}

export function openEditor(box: HTMLElement, options: EditorOptions): Editor {
  const { text, language, label, readOnly, complete, onChange } = options;
  let told = text;
  const extensions: Extension[] = [
    lineNumbers(),
    foldGutter(),
    history(),
    drawSelection(),
    bracketMatching(),
    highlightSelectionMatches(),
    indentUnit.of('  '),
    EditorState.tabSize.of(2),
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
    readOnly
      ? []
      : [
          indentOnInput(),
          closeBrackets(),
          autocompletion(complete ? { override: [complete], icons: false } : { icons: false }),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          lintGutter(),
        ],
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      // Esc, then Tab leaves it.
      ...(readOnly ? [] : [indentWithTab]),
    ]),
    languageOf(language),
    theme,
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (!docChanged) return;
      const next = state.doc.toString();
      if (next === told) return;
      told = next;
      onChange(next);
    }),
  ];
  const view = withOwnStyles(
    () => new EditorView({ parent: box, state: EditorState.create({ doc: text, extensions }) }),
  );
  return {
    setText(next) {
      if (next === view.state.doc.toString()) return;
      told = next;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    mark(marks) {
      view.dispatch(
        setDiagnostics(
          view.state,
          marks.flatMap((one) => diagnosticOf(view.state, one)),
        ),
      );
    },
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
}

/** The whole line, without its indentation. */
function diagnosticOf({ doc }: EditorState, { line, message }: Mark): Diagnostic[] {
  if (line === null || line > doc.lines) return [];
  const { from, to, text } = doc.line(Math.max(1, line));
  const indent = text.length - text.trimStart().length;
  return [{ from: Math.min(from + indent, to), to, severity: 'error', message }];
}
