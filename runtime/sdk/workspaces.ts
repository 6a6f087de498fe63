// The workspaces this browser keeps, without opening one; and what they use. Page side.
import type { StorageUsage, WorkspaceInfo } from '#protocol';
import { withStore } from './store-worker.ts';
import { makeWorkspaceLabel } from './workspace-label.ts';

/** Every call rejects with a coded error. */
export const Workspaces = {
  /** The last used first; deleted ones that can still be had back are marked. */
  list: (): Promise<WorkspaceInfo[]> => withStore((store) => store.list()),
  rename: (key: string, name: string): Promise<void> => withStore((store) => store.rename(key, name)),
  /** Returns the key of the copy. */
  duplicate: (key: string, name: string): Promise<string> =>
    withStore((store) => store.duplicate(key, { name, label: makeWorkspaceLabel() })),
  /** Can be undone for seven days. */
  remove: (key: string): Promise<void> => withStore((store) => store.remove(key)),
  undoRemove: (key: string): Promise<void> => withStore((store) => store.undoRemove(key)),
  usage: (): Promise<StorageUsage> => withStore((store) => store.usage()),
  removeUnusedPackages: (): Promise<void> => withStore((store) => store.removeUnusedPackages()),
} as const;
