// The storage page: what is kept in this browser, how much of it, and how to take it away.
import { X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import {
  askToPersist,
  eraseEverything,
  isNearlyFull,
  isPersisted,
  isStorageShown,
  refreshStorage,
  removeUnusedPackages,
  storageUsage,
} from '../state/storage.ts';
import { sizeText, storedWorkspaces } from '../state/workspace-list.ts';
import { pythonPack } from '../state/python-pack.ts';
import { Icon } from './icon.tsx';
import { PythonPackSection } from './python-pack.tsx';

export function StorageDialog() {
  return isStorageShown.value ? <OpenDialog /> : null;
}

function OpenDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    void refreshStorage();
  }, []);
  const close = (): void => void (isStorageShown.value = false);
  return (
    <dialog ref={dialog} class="storage" aria-labelledby="storage-title" onClose={close}>
      <header class="pane-head">
        <h2 id="storage-title">Storage</h2>
        <button type="button" class="quiet square" aria-label="Close" onClick={close}>
          <Icon of={X} size={14} />
        </button>
      </header>
      <Usage />
      <PythonPackSection />
      <Persisted />
      <div class="storage-actions">
        <button type="button" class="choice" onClick={() => void removeUnusedPackages()}>
          Remove unused packages
        </button>
        <button type="button" class="choice danger" onClick={() => confirmErase()}>
          Erase everything
        </button>
      </div>
    </dialog>
  );
}

function Usage() {
  const usage = storageUsage.value;
  if (usage === null) return <p class="empty">Counting …</p>;
  const { tier, workspacesBytes, packagesBytes, packages, usedBytes, quotaBytes } = usage;
  const packBytes = pythonPack.value?.keptBytes ?? 0;
  const rest = Math.max(0, usedBytes - workspacesBytes - packagesBytes - packBytes);
  return (
    <>
      <dl class="usage">
        <dt>Workspaces</dt>
        <dd>
          {sizeText(workspacesBytes)} in {storedWorkspaces.value.length || 'no'} workspaces
        </dd>
        <dt>Packages</dt>
        <dd>
          {sizeText(packagesBytes)} in {packages} archives, shared by all workspaces
        </dd>
        <dt>Python</dt>
        <dd>{packBytes > 0 ? `${sizeText(packBytes)} for use without a network, shared by all workspaces` : 'not kept'}</dd>
        <dt>Kept in</dt>
        <dd>{TIERS[tier]}</dd>
        <dt>The app itself</dt>
        <dd>{sizeText(rest)}</dd>
      </dl>
      {quotaBytes > 0 && (
        <p class={isNearlyFull(usage) ? 'warn' : ''}>
          <meter aria-label="Room used" min={0} max={quotaBytes} high={quotaBytes * 0.8} value={usedBytes} />
          {sizeText(usedBytes)} of {sizeText(quotaBytes)} used.
          {isNearlyFull(usage) && ' Little room is left: delete workspaces, or remove unused packages.'}
        </p>
      )}
    </>
  );
}

const TIERS = {
  opfs: 'private files of this browser',
  indexeddb: 'the database of this browser, for it has no private files here: large workspaces are slower',
  memory: 'memory only: this browser stores nothing for this page, and all is gone when it closes',
} as const;

function Persisted() {
  if (isPersisted.value === true) return <p>The browser keeps this until you erase it.</p>;
  return (
    <p>
      The browser may clear this by itself when its disk is full.{' '}
      <button type="button" class="quiet strong" onClick={() => void askToPersist()}>
        Ask it to keep everything
      </button>
    </p>
  );
}

function confirmErase(): void {
  if (confirm('Erase all workspaces, packages and settings from this browser? This cannot be undone.')) void eraseEverything();
}
