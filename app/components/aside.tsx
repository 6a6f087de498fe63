// The right pane: the page of a server, or what programs displayed. Tabs as ARIA describes them: arrows move, one tab stop.
import { useEffect, useRef } from 'preact/hooks';
import { shownPane } from '../state/commands.ts';
import { notify } from '../state/notices.ts';
import type { Workspace } from '../state/workspace.ts';
import { OutputList } from './output-list.tsx';
import { PreviewPane } from './preview-pane.tsx';

const isNarrow = matchMedia('(max-width: 820px)');

const TABS = [
  ['preview', 'Preview'],
  ['output', 'Output'],
] as const;

export function Aside({ workspace }: { workspace: Workspace }) {
  const { outputs } = workspace;
  const shown = outputs.shownTab.value;
  const list = useRef<HTMLDivElement>(null);
  const count = outputs.list.value.length;
  useEffect(() => {
    // The first output opens the tab where no page is shown; later ones only mark it.
    if (count > 0 && workspace.ports.peek().length === 0) outputs.show();
    if (count > 0 && isNarrow.matches && shownPane.peek() !== 'preview')
      notify('A program displayed something: it is under Preview, Output.');
  }, [count]);
  const ports = workspace.ports.value.length;
  useEffect(() => {
    // A server that starts, or a port that is chosen, wants to be seen.
    if (ports > 0) outputs.shownTab.value = 'preview';
  }, [ports, workspace.shownPort.value]);
  const choose = (tab: 'preview' | 'output'): void => {
    if (tab === 'output') outputs.show();
    else outputs.shownTab.value = tab;
    list.current?.querySelector<HTMLElement>(`[data-tab="${tab}"]`)?.focus();
  };
  return (
    <section class="preview-pane" aria-label="Preview and output">
      <div
        ref={list}
        class="tabs"
        role="tablist"
        aria-label="Preview and output"
        onKeyDown={(event) => {
          if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
          event.preventDefault();
          choose(shown === 'preview' ? 'output' : 'preview');
        }}
      >
        {TABS.map(([tab, title]) => (
          <div key={tab} class={`tab ${shown === tab ? 'shown' : ''}`} role="presentation">
            <button
              type="button"
              role="tab"
              id={`aside-tab-${tab}`}
              data-tab={tab}
              aria-selected={shown === tab}
              aria-controls={`aside-${tab}`}
              tabIndex={shown === tab ? 0 : -1}
              onClick={() => choose(tab)}
            >
              {title}
              {tab === 'output' && outputs.unseen.value > 0 && <span class="count">{outputs.unseen.value}</span>}
            </button>
          </div>
        ))}
      </div>
      <div id="aside-preview" class="aside-panel" role="tabpanel" aria-labelledby="aside-tab-preview" hidden={shown !== 'preview'}>
        <PreviewPane workspace={workspace} />
      </div>
      <div id="aside-output" class="aside-panel" role="tabpanel" aria-labelledby="aside-tab-output" hidden={shown !== 'output'}>
        {shown === 'output' && <OutputList workspace={workspace} />}
      </div>
    </section>
  );
}
