import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { withOwnStyles } from '../own-styles.ts';
import { languageOf, type Language } from './languages.ts';
import { theme } from './theme.ts';

export interface DiffOptions {
  readonly before: string;
  readonly after: string;
  readonly language: Language;
  readonly label: string;
  /** What stands in the place of lines that are folded away; $ is their number. */
  readonly folded: string;
}

/** Shows what changed between two texts, line by line; what did not is folded away. @returns closes it */
export function openDiff(
  box: HTMLElement,
  { before, after, language, label, folded }: DiffOptions,
): () => void {
  const view = withOwnStyles(
    () =>
      new EditorView({
        parent: box,
        state: EditorState.create({
          doc: after,
          extensions: [
            lineNumbers(),
            EditorState.readOnly.of(true),
            EditorState.phrases.of({ '$ unchanged lines': folded }),
            EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
            EditorView.lineWrapping,
            languageOf(language),
            theme,
            unifiedMergeView({
              original: before,
              mergeControls: false,
              collapseUnchanged: { margin: 3, minSize: 6 },
            }),
          ],
        }),
      }),
  );
  return () => view.destroy();
}
