// A notebook in place of the editor: tool bar, cells, and the keys that Jupyter has.
import { ArrowDown, ArrowUp, ChevronsRight, CirclePlay, Play, Plus, RotateCcw, Square, Trash2, type IconNode } from 'lucide';
import { useRef } from 'preact/hooks';
import { runCommand } from '../../state/commands.ts';
import { cellCommands } from '../../state/notebook/notebook-commands.ts';
import type { Notebook } from '../../state/notebook/notebook.ts';
import type { CellType } from '../../state/notebook/notebook-file.ts';
import type { Workspace } from '../../state/workspace.ts';
import { Icon } from '../icon.tsx';
import { NotebookCell } from './notebook-cell.tsx';

/** The second of two equal keys comes within this time. */
const DOUBLE_KEY_MS = 800;

const STATES = {
  none: 'Python is not started',
  starting: 'Python is starting …',
  idle: 'Python is ready',
  busy: 'Python is running',
  ended: 'Python ended',
} as const;

export function NotebookPane({ workspace, path }: { workspace: Workspace; path: string }) {
  const opened = workspace.notebooks.open(path);
  if (opened === null) return null;
  if ('problem' in opened)
    return (
      <div class="empty" role="alert">
        <p>
          {path} cannot be shown as a notebook: {opened.problem}
        </p>
        <button type="button" class="choice" onClick={() => workspace.notebooks.showAsText(path, true)}>
          Edit it as text
        </button>
      </div>
    );
  return <Shown workspace={workspace} notebook={opened.notebook} />;
}

function Shown({ workspace, notebook }: { workspace: Workspace; notebook: Notebook }) {
  const lastKey = useRef({ key: '', atMs: 0 });
  return (
    <div
      class="notebook"
      onKeyDownCapture={(event) => pressRunKeys(event, notebook)}
      onKeyDown={(event) => press(event, notebook, lastKey.current)}
    >
      <ToolBar notebook={notebook} />
      <ol class="cells" aria-label={`Cells of ${notebook.path}`}>
        {notebook.cells.value.map((cell, index) => (
          <NotebookCell key={cell.id} workspace={workspace} notebook={notebook} cell={cell} index={index} />
        ))}
      </ol>
    </div>
  );
}

function ToolBar({ notebook }: { notebook: Notebook }) {
  const state = notebook.state.value;
  const cell = notebook.get(notebook.selected.value);
  return (
    <div class="notebook-bar" role="group" aria-label="Notebook">
      <Tool id="notebook.run" icon={Play} label="Run cell" text="Run" />
      <Tool id="notebook.run-all" icon={ChevronsRight} label="Run all cells" text="All" />
      <Tool id="notebook.interrupt" icon={Square} label="Interrupt Python" isDisabled={state !== 'busy'} />
      <Tool id="notebook.restart" icon={RotateCcw} label="Restart Python" isDisabled={state !== 'idle' && state !== 'busy'} />
      <span class="bar-line" />
      <Tool id="notebook.insert-below" icon={Plus} label="Insert cell below" />
      <Tool id="notebook.move-up" icon={ArrowUp} label="Move cell up" isDisabled={notebook.index.value <= 0} />
      <Tool
        id="notebook.move-down"
        icon={ArrowDown}
        label="Move cell down"
        isDisabled={notebook.index.value >= notebook.cells.value.length - 1}
      />
      <Tool id="notebook.delete" icon={Trash2} label="Delete cell" />
      <select
        aria-label="Type of the cell"
        value={cell?.type ?? 'code'}
        onChange={(event) => notebook.setType(event.currentTarget.value as CellType)}
      >
        <option value="code">Code</option>
        <option value="markdown">Text</option>
        <option value="raw">Raw</option>
      </select>
      <span class="spacer" />
      <span class={`session-state ${state}`} role="status">
        <Icon of={CirclePlay} size={13} />
        {STATES[state]}
      </span>
    </div>
  );
}

function Tool({
  id,
  icon,
  label,
  text,
  isDisabled = false,
}: {
  id: string;
  icon: IconNode;
  label: string;
  text?: string;
  isDisabled?: boolean;
}) {
  const key = cellCommands.find((command) => command.id === id)?.key;
  return (
    <button
      type="button"
      class={`quiet ${text === undefined ? 'square' : ''}`}
      data-command={id}
      aria-label={label}
      title={key === undefined ? label : `${label} (${key})`}
      disabled={isDisabled}
      onClick={() => runCommand(id)}
    >
      <Icon of={icon} size={14} />
      {text}
    </button>
  );
}

/** Enter with a modifier runs, wherever in a cell the focus is. */
function pressRunKeys(event: KeyboardEvent, notebook: Notebook): void {
  if (event.key !== 'Enter' || !(event.target as Element).closest('.cell') || (event.target as Element).closest('.cell-ask')) return;
  const isCommand = event.ctrlKey || event.metaKey;
  const then = event.shiftKey ? 'next' : isCommand ? 'stay' : event.altKey ? 'insert' : null;
  if (then === null) return;
  event.preventDefault();
  event.stopPropagation();
  notebook.runSelected(then);
}

/** Keys of a cell that has the focus itself: single letters are not taken from anywhere else. */
function press(event: KeyboardEvent, notebook: Notebook, last: { key: string; atMs: number }): void {
  if (!(event.target as Element).matches('.cell') || event.ctrlKey || event.metaKey) return;
  const isDouble = last.key === event.key && event.timeStamp - last.atMs < DOUBLE_KEY_MS;
  Object.assign(last, isDouble ? { key: '', atMs: 0 } : { key: event.key, atMs: event.timeStamp });
  const name = event.altKey ? `Alt+${event.key}` : event.key.toLowerCase();
  const moves: Record<string, () => void> = {
    enter: () => notebook.select(notebook.selected.value, { edit: true }),
    arrowdown: () => notebook.selectBeside(1),
    arrowup: () => notebook.selectBeside(-1),
    j: () => notebook.selectBeside(1),
    k: () => notebook.selectBeside(-1),
  };
  const command = cellCommands.find(({ key }) => key === name || (isDouble && key === `${name} ${name}`));
  const action = moves[name] ?? (command && (() => runCommand(command.id)));
  if (action === undefined) return;
  event.preventDefault();
  action();
}
