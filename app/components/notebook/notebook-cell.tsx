// One cell of a notebook: number, text or rendered Markdown, outputs, and a field where `input()` asks.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Workspace } from '../../state/workspace.ts';
import type { Notebook, Question } from '../../state/notebook/notebook.ts';
import type { Cell } from '../../state/notebook/notebook-file.ts';
import { CellEditor } from './cell-editor.tsx';
import { Markdown } from './markdown.tsx';
import { OutputView } from './output-view.tsx';

const NAMES = { code: 'Code', markdown: 'Text', raw: 'Raw' } as const;

interface NotebookCellProps {
  readonly workspace: Workspace;
  readonly notebook: Notebook;
  readonly cell: Cell;
  readonly index: number;
}

export function NotebookCell({ workspace, notebook, cell, index }: NotebookCellProps) {
  const box = useRef<HTMLLIElement>(null);
  const { id, type } = cell;
  const isSelected = notebook.selected.value === id;
  const isEditing = isSelected && notebook.isEditing.value;
  const wish = notebook.focusWish.value;
  const isRunning = notebook.running.value === id;
  const isWaiting = notebook.waiting.value.has(id);
  const question = notebook.question.value?.cell === id ? notebook.question.value : null;
  const label = `${NAMES[type]} cell ${index + 1}`;

  useLayoutEffect(() => {
    // Keys may have gone on since this was drawn: a late focus would take the selection back.
    if (!isSelected || wish === 0 || notebook.focusWish.peek() !== wish) return;
    if (!isEditing) box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected, isEditing, wish]);

  return (
    <li
      ref={box}
      data-type={type}
      class={`cell ${isSelected ? 'selected' : ''} ${isRunning ? 'running' : ''}`}
      data-cell={id}
      aria-label={`${label}${isRunning ? ', running' : isWaiting ? ', waiting' : ''}`}
      aria-current={isSelected}
      tabIndex={isSelected ? 0 : -1}
      onFocus={(event) => {
        if (event.target === event.currentTarget) notebook.select(id, { focus: false });
      }}
    >
      <span class="cell-count" aria-hidden="true">
        {type === 'code' ? (isRunning || isWaiting ? '[*]' : `[${cell.count ?? ' '}]`) : ''}
      </span>
      <div class="cell-body">
        {type === 'markdown' && !isEditing ? (
          <div class="cell-rendered" onDblClick={() => notebook.select(id, { edit: true })}>
            {cell.source.trim() === '' ? (
              <p class="output-note">Empty text. Press Enter to write.</p>
            ) : (
              <Markdown text={cell.source} attachments={cell.attachments} />
            )}
          </div>
        ) : (
          <CellEditor notebook={notebook} cell={cell} label={label} />
        )}
        {question !== null && <Ask question={question} />}
        {cell.outputs.length > 0 && (
          <div class="cell-outputs" role="group" aria-label={`Output of cell ${index + 1}`} tabIndex={isSelected ? 0 : -1}>
            {cell.outputs.map((output, at) => (
              <OutputView key={at} runtime={workspace.runtime} output={output} />
            ))}
          </div>
        )}
      </div>
    </li>
  );
}

function Ask({ question }: { question: Question }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form
      class="cell-ask"
      onSubmit={(event) => {
        event.preventDefault();
        question.answer(field.current?.value ?? '');
      }}
    >
      <label>
        <span>{question.prompt === '' ? 'The program asks for a line:' : question.prompt}</span>
        {question.isSecret ? (
          <input ref={field} type="password" autocomplete="off" />
        ) : (
          <input ref={field} autocomplete="off" spellcheck={false} />
        )}
      </label>
      <button type="submit" class="choice">
        Answer
      </button>
    </form>
  );
}
