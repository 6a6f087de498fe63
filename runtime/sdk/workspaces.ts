// The workspaces this browser keeps, without opening one; and what they use. Page side.
import { folderOf, lockName, type StorageUsage, type WorkspaceInfo } from '#protocol';
import { eraseOrigin } from './offline.ts';
import { withStore } from './store-worker.ts';
import { makeWorkspaceLabel } from './workspace-label.ts';

/** Every call rejects with a coded error. */
export const Workspaces = {
  /** The last used first; deleted ones that can still be had back are marked. */
  list: (): Promise<WorkspaceInfo[]> => withStore((store) => store.list()),
  /** Resolves when no tab works on the workspace any more: it was closed, or it crashed. Rejects when `signal` aborts. */
  whenFree: (key: string, signal?: AbortSignal): Promise<void> =>
    navigator.locks.request(lockName(folderOf(key)), { mode: 'shared', ...(signal ? { signal } : {}) }, () => undefined),
  rename: (key: string, name: string): Promise<void> => withStore((store) => store.rename(key, name)),
  /** Returns the key of the copy. */
  duplicate: (key: string, name: string): Promise<string> =>
    withStore((store) => store.duplicate(key, { name, label: makeWorkspaceLabel() })),
  /** Can be undone for seven days. */
  remove: (key: string): Promise<void> => withStore((store) => store.remove(key)),
  undoRemove: (key: string): Promise<void> => withStore((store) => store.undoRemove(key)),
  usage: (): Promise<StorageUsage> => withStore((store) => store.usage()),
  /** Everything this browser keeps for the page: workspaces, packages, and what the workspaces' own origins keep. */
  async eraseEverything(previewHost: string = `preview.${location.host}`): Promise<void> {
    const labels = await withStore((store) => store.eraseEverything());
    // An origin that cannot be reached without a network has nothing kept, or it could be.
    for (const label of labels) await eraseOrigin(label, previewHost).catch(() => undefined);
  },
  removeUnusedPackages: (): Promise<void> => withStore((store) => store.removeUnusedPackages()),
} as const;
