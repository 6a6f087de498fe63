// CodeMirror over the file that is shown. One state per file, so that undo survives switching tabs.
import { css } from '@codemirror/lang-css';
import { html } from '@codemirror/lang-html';
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { markdown } from '@codemirror/lang-markdown';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';
import { useEffect, useRef } from 'preact/hooks';
import type { OpenFiles } from '../state/open-files.ts';

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
};

/** Colours are custom properties, so that a theme change needs no new state. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.comment, tags.meta], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-function)' },
  { tag: [tags.typeName, tags.className, tags.tagName], color: 'var(--code-type)' },
  { tag: [tags.propertyName, tags.attributeName], color: 'var(--code-property)' },
]);

export function Editor({ files }: { files: OpenFiles }) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const states = useRef(new Map<string, EditorState>());
  const path = files.shownPath.value;

  useEffect(() => {
    view.current = new EditorView({ parent: host.current as HTMLElement });
    return () => view.current?.destroy();
  }, []);
  useEffect(() => {
    const shown = files.shown.value;
    if (view.current === null || shown === null) return undefined;
    view.current.setState(states.current.get(shown.path) ?? makeState(shown.path, shown.text, files));
    view.current.focus();
    return () => {
      if (view.current !== null) states.current.set(shown.path, view.current.state);
    };
  }, [path]);

  return (
    <>
      <div ref={host} class="editor" hidden={path === null} />
      {path === null && <p class="empty">Choose a file on the left.</p>}
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
