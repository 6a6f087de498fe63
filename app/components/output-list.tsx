// What programs displayed, the newest last: pictures, tables, HTML in frames that reach nothing.
import { Trash2 } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';
import { OutputView } from './notebook/output-view.tsx';

export function OutputList({ workspace }: { workspace: Workspace }) {
  const { outputs } = workspace;
  const shown = outputs.list.value;
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [shown.length]);
  if (shown.length === 0) {
    return (
      <div class="empty preview-empty">
        <p>Nothing was displayed yet.</p>
        <p>
          What Python shows with <code>display()</code> or <code>plt.show()</code> appears here.
        </p>
      </div>
    );
  }
  return (
    <>
      <div class="output-head">
        <span>{shown.length === 1 ? '1 output' : `${shown.length} outputs`}</span>
        <button type="button" class="quiet" onClick={() => outputs.clear()}>
          <Icon of={Trash2} size={13} />
          Clear
        </button>
      </div>
      <ol class="outputs" aria-label="Outputs" tabIndex={0}>
        {shown.map((one, index) => (
          <li key={one.id} ref={index === shown.length - 1 ? end : null}>
            <p class="output-from">
              <code>{one.command}</code>
              <time>{new Date(one.atMs).toLocaleTimeString()}</time>
            </p>
            <OutputView runtime={workspace.runtime} output={one.output} />
          </li>
        ))}
      </ol>
    </>
  );
}
