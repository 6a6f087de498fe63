// An open workspace: explorer, editor, preview, terminals, diagnostics, status bar.
import { lazy, Suspense } from 'preact/compat';
import { ChevronLeft, Command, FolderTree, Globe, SquareTerminal, FileCode } from 'lucide';
import { areDiagnosticsShown, isHistoryShown, runCommand, shownPane } from '../state/commands.ts';
import type { Workspace } from '../state/workspace.ts';
import { Diagnostics } from './diagnostics.tsx';
import { EditorTabs } from './editor-tabs.tsx';
import { Explorer } from './explorer.tsx';
import { HistoryPanel } from './history-panel.tsx';
import { Icon } from './icon.tsx';
import { Logo } from './logo.tsx';
import { Aside } from './aside.tsx';
import { PromotionDialog } from './promotion-dialog.tsx';
import { SessionPanel } from './session-panel.tsx';
import { Splitter } from './splitter.tsx';
import { StatusBar } from './status-bar.tsx';

const Editor = lazy(() => import('./editor.tsx').then(({ Editor: default_ }) => ({ default: default_ })));
const NotebookPane = lazy(() => import('./notebook/notebook-pane.tsx').then(({ NotebookPane: default_ }) => ({ default: default_ })));
const Terminals = lazy(() => import('./terminals.tsx').then(({ Terminals: default_ }) => ({ default: default_ })));

const PANES = [
  ['files', 'Files', FolderTree],
  ['editor', 'Editor', FileCode],
  ['preview', 'Preview', Globe],
  ['terminal', 'Terminal', SquareTerminal],
] as const;

export function Workbench({ workspace }: { workspace: Workspace }) {
  const shownPath = workspace.files.shownPath.value;
  const isNotebook = workspace.notebooks.isShownAsNotebook(shownPath);
  return (
    <div class="workbench" data-pane={shownPane.value}>
      <header class="titlebar">
        <button type="button" class="quiet square" aria-label="Close workspace" onClick={() => runCommand('workspace.close')}>
          <Icon of={ChevronLeft} />
        </button>
        <Logo size={20} />
        <h1>{workspace.name.value}</h1>
        <Steps workspace={workspace} />
        <button
          type="button"
          class="quiet"
          data-command="palette.open"
          aria-label="Show all commands"
          onClick={() => runCommand('palette.open')}
        >
          <Icon of={Command} size={14} />
          <span class="wide-only">Commands</span>
        </button>
      </header>
      <main class="panes">
        <Explorer workspace={workspace} />
        <Splitter
          label="Width of the explorer"
          property="--explorer"
          orientation="vertical"
          direction={1}
          initial={220}
          smallest={140}
          largest={480}
        />
        <div class="centre">
          <section class="editor-pane" aria-label="Editor">
            <EditorTabs files={workspace.files} />
            <Suspense fallback={<p class="empty">Opening the editor …</p>}>
              <Editor files={workspace.files} isHidden={isNotebook} />
              {isNotebook && shownPath !== null && <NotebookPane key={shownPath} workspace={workspace} path={shownPath} />}
            </Suspense>
          </section>
          <Splitter
            label="Height of the terminal"
            property="--terminal"
            orientation="horizontal"
            direction={-1}
            initial={240}
            smallest={90}
            largest={640}
          />
          <Suspense fallback={<section class="terminal-pane" />}>
            <Terminals workspace={workspace} />
          </Suspense>
        </div>
        <Splitter
          label="Width of the preview"
          property="--preview"
          orientation="vertical"
          direction={-1}
          initial={440}
          smallest={200}
          largest={900}
        />
        <Aside workspace={workspace} />
        {areDiagnosticsShown.value && <Diagnostics workspace={workspace} />}
        {isHistoryShown.value && <HistoryPanel workspace={workspace} />}
      </main>
      <nav class="pane-switch" aria-label="Panes">
        {PANES.map(([pane, title, icon]) => (
          <button key={pane} type="button" aria-pressed={shownPane.value === pane} onClick={() => void (shownPane.value = pane)}>
            <Icon of={icon} size={20} />
            {title}
          </button>
        ))}
      </nav>
      <StatusBar workspace={workspace} />
      <PromotionDialog workspace={workspace} />
      <SessionPanel workspace={workspace} />
    </div>
  );
}

/** The template's first commands, typed into the terminal when pressed. */
function Steps({ workspace }: { workspace: Workspace }) {
  return (
    <div class="steps" role="group" aria-label="First steps">
      {(workspace.template?.steps ?? []).map((step) => (
        <button
          key={step}
          type="button"
          class="step"
          data-step={step}
          title={`Type “${step}” into the terminal`}
          onClick={() => workspace.typeIntoTerminal?.(`${step}\r`)}
        >
          <code>{step}</code>
        </button>
      ))}
    </div>
  );
}
