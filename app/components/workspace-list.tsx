// The stored workspaces on the start page: open, rename, duplicate, delete with undo.
import { Copy, Pencil, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import type { WorkspaceInfo } from '@verklet/sdk';
import { openStored } from '../state/session.ts';
import { agoText, deleteWorkspace, duplicateWorkspace, renameWorkspace, sizeText, storedWorkspaces } from '../state/workspace-list.ts';
import { Icon } from './icon.tsx';

export function WorkspaceList() {
  const list = storedWorkspaces.value;
  if (list.length === 0) return null;
  return (
    <section aria-labelledby="workspaces-title">
      <h2 id="workspaces-title">Your workspaces</h2>
      <ul class="workspaces">
        {list.map((info) => (
          <Entry key={info.key} info={info} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ info }: { info: WorkspaceInfo }) {
  const [isRenaming, setRenaming] = useState(false);
  return (
    <li class="workspace-entry" data-workspace={info.key}>
      {isRenaming ? (
        <RenameForm info={info} onDone={() => setRenaming(false)} />
      ) : (
        <button type="button" class="workspace-open" onClick={() => void openStored(info.key)}>
          <strong>{info.name}</strong>
          <span>
            {agoText(info.usedAtMs)} · {sizeText(info.sizeBytes)}
          </span>
        </button>
      )}
      <button type="button" class="quiet square" aria-label={`Rename ${info.name}`} onClick={() => setRenaming(true)}>
        <Icon of={Pencil} size={15} />
      </button>
      <button type="button" class="quiet square" aria-label={`Duplicate ${info.name}`} onClick={() => void duplicateWorkspace(info)}>
        <Icon of={Copy} size={15} />
      </button>
      <button type="button" class="quiet square" aria-label={`Delete ${info.name}`} onClick={() => void deleteWorkspace(info)}>
        <Icon of={Trash2} size={15} />
      </button>
    </li>
  );
}

function RenameForm({ info, onDone }: { info: WorkspaceInfo; onDone: () => void }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get('name')).trim();
    if (name !== '' && name !== info.name) void renameWorkspace(info.key, name);
    onDone();
  };
  return (
    <form class="workspace-rename" onSubmit={submit}>
      <input
        name="name"
        aria-label={`New name of ${info.name}`}
        defaultValue={info.name}
        maxLength={150}
        autocomplete="off"
        ref={(input) => input?.focus()}
        onKeyDown={(event) => event.key === 'Escape' && onDone()}
        onBlur={(event) => event.currentTarget.form?.requestSubmit()}
      />
    </form>
  );
}
