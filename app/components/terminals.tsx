// The terminals: one tab and one shell each. All stay mounted, so that their screens survive switching.
import { Plus, X } from 'lucide';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';
import { Terminal } from './terminal.tsx';

export function Terminals({ workspace }: { workspace: Workspace }) {
  const tabs = workspace.terminals.value;
  const shown = workspace.shownTerminal.value;
  return (
    <section class="terminal-pane" aria-label="Terminals">
      <div class="tabs" role="group" aria-label="Terminals">
        {tabs.map(({ id, title }) => (
          <div key={id} class={`tab ${id === shown ? 'shown' : ''}`}>
            <button type="button" aria-pressed={id === shown} onClick={() => void (workspace.shownTerminal.value = id)}>
              {title}
            </button>
            <button type="button" class="quiet square small" aria-label={`Close ${title}`} onClick={() => workspace.closeTerminal(id)}>
              <Icon of={X} size={12} />
            </button>
          </div>
        ))}
        <button
          type="button"
          class="quiet square"
          data-command="terminal.new"
          aria-label="New terminal"
          onClick={() => workspace.addTerminal()}
        >
          <Icon of={Plus} size={14} />
        </button>
      </div>
      {tabs.map(({ id, process }) => (
        <Terminal
          key={id}
          workspace={workspace}
          process={process ?? null}
          isShown={id === shown}
          onEnd={() => workspace.closeTerminal(id)}
        />
      ))}
    </section>
  );
}
