// The bottom line: where code runs, what is stored, which ports are open.
import { CloudOff, HardDrive, Info, Moon, Sun, SunMoon } from 'lucide';
import { signal } from '@preact/signals';
import { runCommand } from '../state/commands.ts';
import { theme } from '../state/settings.ts';
import type { Workspace } from '../state/workspace.ts';
import { HostIndicator } from './host-indicator.tsx';
import { Icon } from './icon.tsx';

const isOnline = signal(navigator.onLine);
for (const event of ['online', 'offline']) addEventListener(event, () => (isOnline.value = navigator.onLine));

export function StatusBar({ workspace }: { workspace: Workspace }) {
  const themeIcon = theme.value === 'system' ? SunMoon : theme.value === 'light' ? Sun : Moon;
  return (
    <footer class="statusbar">
      <HostIndicator workspace={workspace} />
      <Stored workspace={workspace} />
      {workspace.isKeptOffline.value && (
        <span class="status offline-ready" title="This workspace opens without a network, and so do its usual ports">
          <Icon of={CloudOff} size={13} />
          works offline
        </span>
      )}
      {!isOnline.value && <span class="status warn">offline</span>}
      <span class="status">Node {workspace.runtime.capabilities.node}</span>
      <span class="spacer" />
      {workspace.ports.value.map(({ port }) => (
        <button key={port} type="button" class="status" onClick={() => void (workspace.shownPort.value = port)}>
          :{port}
        </button>
      ))}
      <button type="button" class="status" data-command="diagnostics.toggle" onClick={() => runCommand('diagnostics.toggle')}>
        <Icon of={Info} size={13} />
        What ran where
      </button>
      <button
        type="button"
        class="status"
        data-command="theme.next"
        aria-label={`Theme: ${theme.value}`}
        onClick={() => runCommand('theme.next')}
      >
        <Icon of={themeIcon} size={13} />
      </button>
    </footer>
  );
}

/** What is kept, in two words; the title says it in a sentence. */
function Stored({ workspace }: { workspace: Workspace }) {
  const { tier } = workspace.runtime.persistence;
  const [text, title] =
    tier === 'memory' || tier === 'none'
      ? ['memory only', 'This browser stores nothing for this page: the workspace is gone when the page closes']
      : STORED[workspace.stored.value];
  const isProblem = workspace.stored.value === 'failed' || tier === 'memory' || tier === 'none';
  return (
    <button
      type="button"
      class={`status stored ${isProblem ? 'warn' : ''}`}
      data-stored={workspace.stored.value}
      data-command="history.toggle"
      title={`${title}. Opens the history.`}
      onClick={() => runCommand('history.toggle')}
    >
      <Icon of={HardDrive} size={13} />
      {text}
    </button>
  );
}

const STORED = {
  saved: ['saved', 'All files are stored in this browser'],
  unsaved: ['saving …', 'Changes are stored in a moment'],
  failed: ['not saved', 'The last save failed; the files are in memory, and the save before is intact'],
  off: ['not stored', 'Nothing is stored'],
  'handed-over': ['opened elsewhere', 'Another tab works on this workspace'],
} as const;
