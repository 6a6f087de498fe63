// CodeMirror over one cell's text. Tab completes behind a word, and indents elsewhere; Escape leaves the text.
import { autocompletion, closeBrackets, completionKeymap, startCompletion, type CompletionContext } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from '@codemirror/commands';
import { markdown } from '@codemirror/lang-markdown';
import { python } from '@codemirror/lang-python';
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap } from '@codemirror/view';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Notebook } from '../../state/notebook/notebook.ts';
import type { Cell } from '../../state/notebook/notebook-file.ts';
import { colours } from '../code-colours.ts';

interface CellEditorProps {
  readonly notebook: Notebook;
  readonly cell: Cell;
  readonly label: string;
}

export function CellEditor({ notebook, cell, label }: CellEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const { id } = cell;
  const isWanted = notebook.selected.value === id && notebook.isEditing.value;
  const wish = notebook.focusWish.value;

  useLayoutEffect(() => {
    view.current = new EditorView({ parent: host.current as HTMLElement, state: makeState(notebook, cell, label) });
    return () => view.current?.destroy();
  }, [cell.type]);
  useEffect(() => {
    const shown = view.current;
    // What was drawn may be older than what is typed; the model has it already. Other differences come from the file.
    const source = notebook.get(id)?.source ?? '';
    if (shown !== null && shown.state.doc.toString() !== source)
      shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: source } });
  }, [cell.source]);
  // Before the next key comes, or it would be lost.
  useLayoutEffect(() => {
    if (isWanted && notebook.focusWish.peek() === wish) view.current?.focus();
  }, [isWanted, wish, cell.type]);

  return (
    <div
      ref={host}
      class="cell-editor"
      onFocusIn={() => {
        if (!notebook.isEditing.value || notebook.selected.value !== id) notebook.select(id, { edit: true, focus: false });
      }}
    />
  );
}

function makeState(notebook: Notebook, cell: Cell, label: string): EditorState {
  return EditorState.create({
    doc: cell.source,
    extensions: [
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of('    '),
      bracketMatching(),
      closeBrackets(),
      syntaxHighlighting(colours),
      cell.type === 'code'
        ? [python(), autocompletion({ override: [(context) => complete(notebook, context)], activateOnTyping: false, interactionDelay: 0 })]
        : [],
      cell.type === 'markdown' ? markdown() : [],
      EditorView.lineWrapping,
      keymap.of([
        ...completionKeymap,
        {
          key: 'Tab',
          run: (view) => (cell.type === 'code' && isBehindWord(view) ? startCompletion(view) : indentMore(view)),
          shift: indentLess,
        },
        { key: 'Escape', run: () => (notebook.select(cell.id), true) },
        ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter' && key !== 'Shift-Enter'),
        ...historyKeymap,
      ]),
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) notebook.edit(cell.id, update.state.doc.toString());
      }),
    ],
  });
}

function isBehindWord({ state }: EditorView): boolean {
  const { from, empty } = state.selection.main;
  return empty && /[\w.%]$/.test(state.doc.lineAt(from).text.slice(0, from - state.doc.lineAt(from).from));
}

async function complete(notebook: Notebook, context: CompletionContext) {
  const { length, items } = await notebook.complete(context.state.sliceDoc(0, context.pos));
  if (items.length === 0) return null;
  return {
    from: context.pos - length,
    options: items.map(({ label, kind }) => ({ label, type: kind })),
    validFor: /^\w*$/,
  };
}
