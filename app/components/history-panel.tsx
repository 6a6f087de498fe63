// The history of a workspace: keep a state by name, look at what changed since, restore it or open it as a copy.
import { diffLines } from 'diff';
import { X } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { Snapshot, SnapshotChange } from '@verklet/sdk';
import { isHistoryShown } from '../state/commands.ts';
import type { FileComparison, LookedAt } from '../state/history.ts';
import { notify, reporting } from '../state/notices.ts';
import { openStored } from '../state/session.ts';
import type { Workspace } from '../state/workspace.ts';
import { agoText } from '../state/workspace-list.ts';
import { Icon } from './icon.tsx';

const MARKS = { added: '+', removed: '−', modified: '±' } as const;
const WORDS = { added: 'added since', removed: 'deleted since', modified: 'changed since' } as const;

export function HistoryPanel({ workspace }: { workspace: Workspace }) {
  const { history } = workspace;
  useEffect(() => void reporting(() => history.refresh()), []);
  const looked = history.looked.value;
  return (
    <section class="diagnostics history" aria-label="History">
      <header class="pane-head">
        <h2>History</h2>
        <button type="button" class="quiet square" aria-label="Close" onClick={() => void (isHistoryShown.value = false)}>
          <Icon of={X} size={14} />
        </button>
      </header>
      <KeepForm workspace={workspace} />
      <div class="history-body">
        <ol class="snapshots" aria-label="Snapshots">
          {history.snapshots.value.map((snapshot) => (
            <li key={snapshot.id}>
              <button
                type="button"
                class="snapshot"
                aria-pressed={looked?.snapshot.id === snapshot.id}
                onClick={() => void reporting(() => history.lookAt(snapshot))}
              >
                <span>{snapshot.name ?? 'Saved automatically'}</span>
                <time dateTime={new Date(snapshot.atMs).toISOString()}>{agoText(snapshot.atMs)}</time>
              </button>
            </li>
          ))}
        </ol>
        {looked !== null && <Looked workspace={workspace} looked={looked} />}
      </div>
    </section>
  );
}

function KeepForm({ workspace }: { workspace: Workspace }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get('name')).trim();
    if (name === '') return;
    form.reset();
    void reporting(() => workspace.history.keep(name));
  };
  return (
    <form class="keep-form" onSubmit={submit}>
      <input name="name" aria-label="Name of the snapshot" placeholder="Keep the present state as …" maxLength={150} autocomplete="off" />
      <button type="submit" class="quiet strong">
        Keep
      </button>
    </form>
  );
}

function Looked({ workspace, looked: { snapshot, changes } }: { workspace: Workspace; looked: LookedAt }) {
  const { history } = workspace;
  const compared = history.compared.value;
  return (
    <div class="looked">
      <p>{changes.length === 0 ? 'Nothing differs from now, packages aside.' : `${changes.length} paths differ from now.`}</p>
      <div class="looked-actions">
        <button type="button" class="quiet strong" onClick={() => restore(workspace, snapshot)}>
          Restore
        </button>
        <button type="button" class="quiet strong" onClick={() => void reporting(() => openCopy(workspace, snapshot))}>
          Open as a copy
        </button>
      </div>
      <ul class="changes" aria-label="Changes since the snapshot">
        {changes.map((change) => (
          <Change
            key={change.path}
            change={change}
            isShown={compared?.path === change.path}
            onShow={() => void reporting(() => history.compare(change.path))}
          />
        ))}
      </ul>
      {compared !== null && <Comparison compared={compared} />}
    </div>
  );
}

function Change({ change: { path, change }, isShown, onShow }: { change: SnapshotChange; isShown: boolean; onShow: () => void }) {
  return (
    <li>
      <button type="button" aria-pressed={isShown} title={`${path}: ${WORDS[change]}`} onClick={onShow}>
        <span class={`mark ${change}`} role="img" aria-label={WORDS[change]}>
          {MARKS[change]}
        </span>
        {path.replace(/^\/workdir\//, '')}
      </button>
    </li>
  );
}

function Comparison({ compared: { path, before, now } }: { compared: FileComparison }) {
  if (before === null && now === null) return <p class="empty">No text to compare.</p>;
  return (
    // A region that scrolls has to be reachable by keyboard.
    <pre class="comparison" tabIndex={0} aria-label={`Changes in ${path}`}>
      {diffLines(before ?? '', now ?? '').map(({ value, added, removed }, index) => (
        <span key={index} class={added ? 'added' : removed ? 'removed' : ''}>
          {value.replace(/^/gm, added ? '+ ' : removed ? '- ' : '  ').replace(/(?:\+|-| ) $/, '')}
        </span>
      ))}
    </pre>
  );
}

function restore(workspace: Workspace, snapshot: Snapshot): void {
  if (workspace.files.hasUnsaved.value && !confirm('Restore? Unsaved changes in open editors stay as they are.')) return;
  void reporting(async () => {
    const before = await workspace.history.restore(snapshot);
    notify('The files are as they were then.', {
      ...(before === null ? {} : { action: { label: 'Undo', run: () => void reporting(() => workspace.history.restore(before)) } }),
    });
  });
}

async function openCopy(workspace: Workspace, snapshot: Snapshot): Promise<void> {
  await openStored(await workspace.history.copy(snapshot));
}
