// CodeMirror over the file that is shown. One state per file, so that undo survives switching tabs.
import { css } from '@codemirror/lang-css';
import { html } from '@codemirror/lang-html';
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { markdown } from '@codemirror/lang-markdown';
import { python } from '@codemirror/lang-python';
import { syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { basicSetup } from 'codemirror';
import { useEffect, useRef } from 'preact/hooks';
import type { OpenFiles } from '../state/open-files.ts';
import { colours } from './code-colours.ts';

const LANGUAGES: Readonly<Record<string, () => Extension>> = {
  js: () => javascript(),
  mjs: () => javascript(),
  cjs: () => javascript(),
  jsx: () => javascript({ jsx: true }),
  ts: () => javascript({ typescript: true }),
  mts: () => javascript({ typescript: true }),
  tsx: () => javascript({ jsx: true, typescript: true }),
  json: () => json(),
  html: () => html(),
  css: () => css(),
  md: () => markdown(),
  py: () => python(),
  pyi: () => python(),
  ipynb: () => json(),
};

/** `isHidden`: the file that is shown has a view of its own. */
export function Editor({ files, isHidden }: { files: OpenFiles; isHidden: boolean }) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const states = useRef(new Map<string, EditorState>());
  const path = isHidden ? null : files.shownPath.value;

  useEffect(() => {
    view.current = new EditorView({ parent: host.current as HTMLElement });
    return () => view.current?.destroy();
  }, []);
  useEffect(() => {
    const shown = files.shown.value;
    if (view.current === null || path === null || shown === null) return undefined;
    const known = states.current.get(shown.path);
    // The text may have changed in another view of the file.
    view.current.setState(known?.doc.toString() === shown.text ? known : makeState(shown.path, shown.text, files));
    view.current.focus();
    return () => {
      if (view.current !== null) states.current.set(shown.path, view.current.state);
    };
  }, [path]);

  return (
    <>
      <div ref={host} class="editor" hidden={path === null} />
      {path === null && !isHidden && <p class="empty">Choose a file on the left.</p>}
    </>
  );
}

function makeState(path: string, text: string, files: OpenFiles): EditorState {
  const language = LANGUAGES[path.slice(path.lastIndexOf('.') + 1)];
  return EditorState.create({
    doc: text,
    extensions: [
      basicSetup,
      syntaxHighlighting(colours),
      language?.() ?? [],
      EditorView.contentAttributes.of({ 'aria-label': `Text of ${path}` }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) files.edit(path, update.state.doc.toString());
      }),
    ],
  });
}
