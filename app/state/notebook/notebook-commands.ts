// The commands of a notebook: for the palette, the tool bar and single keys while a cell has the focus.
import type { AppCommand } from '../commands.ts';
import { reporting } from '../notices.ts';
import type { Notebook } from './notebook.ts';

interface NotebookCommand {
  readonly id: string;
  readonly title: string;
  /** Pressed while a cell, not its text, has the focus. */
  readonly key?: string;
  readonly isEnabled?: (notebook: Notebook) => boolean;
  run(notebook: Notebook): void;
}

const isAlive = ({ state }: Notebook): boolean => state.value === 'idle' || state.value === 'busy';

export const cellCommands: readonly NotebookCommand[] = [
  { id: 'notebook.run', title: 'Run cell and go to the next', run: (notebook) => notebook.runSelected('next') },
  { id: 'notebook.run-all', title: 'Run all cells', run: (notebook) => void reporting(() => notebook.runAll()) },
  {
    id: 'notebook.interrupt',
    title: 'Interrupt Python',
    key: 'i i',
    isEnabled: ({ state }) => state.value === 'busy',
    run: (notebook) => notebook.interrupt(),
  },
  {
    id: 'notebook.restart',
    title: 'Restart Python: all variables are lost',
    key: '0 0',
    isEnabled: isAlive,
    run: (notebook) => void reporting(() => notebook.restart()),
  },
  { id: 'notebook.insert-above', title: 'Insert cell above', key: 'a', run: (notebook) => notebook.insert('above') },
  { id: 'notebook.insert-below', title: 'Insert cell below', key: 'b', run: (notebook) => notebook.insert('below') },
  { id: 'notebook.delete', title: 'Delete cell', key: 'd d', run: (notebook) => notebook.remove() },
  { id: 'notebook.undo-delete', title: 'Bring the deleted cell back', key: 'z', run: (notebook) => notebook.undoRemove() },
  { id: 'notebook.move-up', title: 'Move cell up', key: 'Alt+ArrowUp', run: (notebook) => notebook.move(-1) },
  { id: 'notebook.move-down', title: 'Move cell down', key: 'Alt+ArrowDown', run: (notebook) => notebook.move(1) },
  { id: 'notebook.to-code', title: 'Make it a code cell', key: 'y', run: (notebook) => notebook.setType('code') },
  { id: 'notebook.to-markdown', title: 'Make it a Markdown cell', key: 'm', run: (notebook) => notebook.setType('markdown') },
  { id: 'notebook.clear', title: 'Clear all outputs of the notebook', run: (notebook) => notebook.clearOutputs() },
];

export function notebookCommands(current: () => Notebook | null): readonly AppCommand[] {
  return cellCommands.map(({ id, title, isEnabled, run }) => ({
    id,
    title: `Notebook: ${title}`,
    isEnabled: () => {
      const notebook = current();
      return notebook !== null && (isEnabled?.(notebook) ?? true);
    },
    run: () => {
      const notebook = current();
      if (notebook !== null) run(notebook);
    },
  }));
}
