// Every command of the app in one registry: the palette, the shortcuts and the buttons all run from here.
import { signal } from '@preact/signals';
import { isSessionPanelShown } from './server-session.ts';
import { chooseFiles, importedText, importFiles } from './import.ts';
import { canConnectFolder, connectedFolder, connectFolder, disconnectFolder } from './local-folder.ts';
import { notebookCommands } from './notebook/notebook-commands.ts';
import { notify, reporting } from './notices.ts';
import { closeWorkspace, currentWorkspace } from './session.ts';
import { nextTheme, resizeFont } from './settings.ts';
import { isStorageShown } from './storage.ts';
import { isTerminalSearchShown, toggleScreenReaderMode, toggleTabKey } from './terminal-settings.ts';

export interface AppCommand {
  readonly id: string;
  readonly title: string;
  /** As `Mod+K`; `Mod` is Ctrl, or Cmd on Apple systems. */
  readonly keys?: string;
  isEnabled(): boolean;
  run(): void;
}

export const isPaletteOpen = signal(false);
export const areDiagnosticsShown = signal(false);
export const isHistoryShown = signal(false);
export const shownPane = signal<'files' | 'editor' | 'preview' | 'terminal'>('editor');

const always = (): boolean => true;
const inWorkspace = (): boolean => currentWorkspace() !== null;

export const commands: readonly AppCommand[] = [
  { id: 'palette.open', title: 'Show all commands', keys: 'Mod+K', isEnabled: always, run: () => void (isPaletteOpen.value = true) },
  { id: 'file.save', title: 'Save file', keys: 'Mod+S', isEnabled: inWorkspace, run: save },
  { id: 'file.close', title: 'Close file', isEnabled: inWorkspace, run: closeFile },
  ...notebookCommands(() => currentWorkspace()?.notebooks.shown ?? null),
  {
    id: 'notebook.as-text',
    title: 'Notebook: show it as text, or as a notebook again',
    isEnabled: () => currentWorkspace()?.files.shownPath.value?.endsWith('.ipynb') === true,
    run: toggleNotebookText,
  },
  {
    id: 'output.show',
    title: 'Show what programs displayed',
    isEnabled: inWorkspace,
    run: () => {
      shownPane.value = 'preview';
      currentWorkspace()?.outputs.show();
    },
  },
  {
    id: 'terminal.new',
    title: 'New terminal',
    keys: 'Mod+Shift+Backquote',
    isEnabled: inWorkspace,
    run: () => currentWorkspace()?.addTerminal(),
  },
  {
    id: 'terminal.search',
    title: 'Search in the terminal',
    keys: 'Mod+Shift+F',
    isEnabled: inWorkspace,
    run: () => void (isTerminalSearchShown.value = true),
  },
  {
    id: 'terminal.tab-key',
    title: 'Tab leaves the terminal, or completes in it',
    keys: 'Mod+Shift+M',
    isEnabled: inWorkspace,
    run: toggleTabKey,
  },
  { id: 'terminal.screen-reader', title: 'Screen reader support of terminals', isEnabled: always, run: toggleScreenReaderMode },
  {
    id: 'diagnostics.toggle',
    title: 'Show or hide what ran where',
    keys: 'Mod+Shift+D',
    isEnabled: inWorkspace,
    run: () => void (areDiagnosticsShown.value = !areDiagnosticsShown.value),
  },
  {
    id: 'session.show',
    title: 'Show the server session and its settings',
    isEnabled: inWorkspace,
    run: () => void (isSessionPanelShown.value = true),
  },
  {
    id: 'history.toggle',
    title: 'Show or hide the history',
    keys: 'Mod+Shift+H',
    isEnabled: inWorkspace,
    run: () => void (isHistoryShown.value = !isHistoryShown.value),
  },
  { id: 'import.files', title: 'Import files or zip archives', isEnabled: inWorkspace, run: () => importChosen('files') },
  { id: 'import.folder', title: 'Import a folder', isEnabled: inWorkspace, run: () => importChosen('folder') },
  {
    id: 'folder.connect',
    title: 'Connect a folder of this device',
    isEnabled: () => inWorkspace() && canConnectFolder(),
    run: connectChosen,
  },
  {
    id: 'folder.disconnect',
    title: 'Disconnect the folder of this device',
    isEnabled: () => connectedFolder.value !== null,
    run: () => void reporting(disconnectFolder),
  },
  { id: 'storage.show', title: 'Storage: what is kept in this browser', isEnabled: always, run: () => void (isStorageShown.value = true) },
  { id: 'workspace.download', title: 'Download workspace as zip', isEnabled: inWorkspace, run: download },
  { id: 'workspace.close', title: 'Close workspace', isEnabled: inWorkspace, run: close },
  { id: 'theme.next', title: 'Switch theme', isEnabled: always, run: nextTheme },
  { id: 'font.larger', title: 'Larger code', isEnabled: always, run: () => resizeFont(1) },
  { id: 'font.smaller', title: 'Smaller code', isEnabled: always, run: () => resizeFont(-1) },
];

export function runCommand(id: string): void {
  const command = commands.find((one) => one.id === id);
  if (command?.isEnabled() === true) command.run();
}

/** Runs shortcuts wherever the focus is. */
export function listenToShortcuts(target: Window): void {
  target.addEventListener(
    'keydown',
    (event) => {
      const command = commands.find(({ keys }) => keys !== undefined && matches(event, keys));
      if (command === undefined || !command.isEnabled()) return;
      event.preventDefault();
      command.run();
    },
    { capture: true },
  );
}

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

function matches(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const hasModifier = isApple ? event.metaKey : event.ctrlKey;
  return (
    hasModifier === parts.includes('Mod') &&
    event.shiftKey === parts.includes('Shift') &&
    (event.key.toUpperCase() === key || event.code === key)
  );
}

/** As the platform writes it. */
export function keysText(keys: string): string {
  return keys
    .replace('Mod', isApple ? '⌘' : 'Ctrl')
    .replace('Shift', isApple ? '⇧' : 'Shift')
    .replace('Backquote', '`')
    .replaceAll('+', isApple ? '' : '+');
}

function save(): void {
  const workspace = currentWorkspace();
  const path = workspace?.files.shownPath.value;
  if (workspace && path) void reporting(() => workspace.files.save(path));
}

function toggleNotebookText(): void {
  const workspace = currentWorkspace();
  const path = workspace?.files.shownPath.value;
  if (workspace && path) workspace.notebooks.showAsText(path, workspace.notebooks.isShownAsNotebook(path));
}

function closeFile(): void {
  const workspace = currentWorkspace();
  const path = workspace?.files.shownPath.value;
  if (workspace && path) workspace.files.close(path);
}

function close(): void {
  if (!currentWorkspace()?.files.hasUnsaved.value || confirm('Close this workspace? Files with unsaved changes lose those changes.'))
    void reporting(closeWorkspace);
}

function importChosen(kind: 'files' | 'folder'): void {
  const workspace = currentWorkspace();
  if (workspace === null) return;
  void reporting(async () => {
    const chosen = await chooseFiles(kind);
    if (chosen.length === 0) return;
    notify(importedText(await importFiles(workspace.runtime.fs, chosen)));
  });
}

function connectChosen(): void {
  const workspace = currentWorkspace();
  if (workspace !== null) void reporting(() => connectFolder(workspace));
}

function download(): void {
  const workspace = currentWorkspace();
  if (workspace === null) return;
  void reporting(async () => {
    const bytes = await workspace.runtime.fs.export('zip', { exclude: ['node_modules'] });
    const url = URL.createObjectURL(new Blob([bytes.slice()], { type: 'application/zip' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${workspace.name.value}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  });
}
