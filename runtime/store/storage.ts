// The best storage this browser gives: private files, else the database, else memory. Runs in the store worker.
import type { StorageTier } from '#protocol';
import type { BlockFolder } from './block-file.ts';
import { memoryCatalog, openCatalog, type Catalog } from './catalog.ts';
import { MemoryFolder } from './memory-file.ts';
import { openOpfsFolder } from './opfs-file.ts';
import { memoryPackages, openOpfsPackages, type PackageStore } from './package-store.ts';

/** Everything of ours is below this folder, so that erasing it leaves nothing. */
export const ROOT_FOLDER = 'verklet';
const WORKSPACES = 'workspaces';
const PACKAGES = 'packages';

export interface Storage {
  readonly tier: StorageTier;
  readonly catalog: Catalog;
  readonly packages: PackageStore;
  openWorkspace(folder: string): Promise<BlockFolder>;
  listWorkspaces(): Promise<string[]>;
  removeWorkspace(folder: string): Promise<void>;
  /** Bytes of a workspace that is not open. */
  sizeOf(folder: string): Promise<number>;
  erase(): Promise<void>;
}

export async function openStorage(): Promise<Storage> {
  try {
    return await openOpfs();
  } catch (error) {
    // A private window or an old browser; the tier says so to whoever asks.
    if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
    return memoryStorage();
  }
}

async function openOpfs(): Promise<Storage> {
  const root = await navigator.storage.getDirectory();
  const own = await root.getDirectoryHandle(ROOT_FOLDER, { create: true });
  const workspaces = await own.getDirectoryHandle(WORKSPACES, { create: true });
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) throw new TypeError('no synchronous access handles');
  const packages = openOpfsPackages(await own.getDirectoryHandle(PACKAGES, { create: true }));
  return {
    tier: 'opfs',
    catalog: openCatalog(),
    packages,
    openWorkspace: (folder) => openOpfsFolder([ROOT_FOLDER, WORKSPACES, folder]),
    async listWorkspaces() {
      const names: string[] = [];
      for await (const name of workspaces.keys()) names.push(name);
      return names;
    },
    removeWorkspace: (folder) => workspaces.removeEntry(folder, { recursive: true }),
    async sizeOf(folder) {
      let sizeBytes = 0;
      for await (const handle of (await workspaces.getDirectoryHandle(folder)).values())
        if (handle.kind === 'file') sizeBytes += (await (handle as FileSystemFileHandle).getFile()).size;
      return sizeBytes;
    },
    erase: () => root.removeEntry(ROOT_FOLDER, { recursive: true }),
  };
}

export function memoryStorage(): Storage {
  const folders = new Map<string, MemoryFolder>();
  return {
    tier: 'memory',
    catalog: memoryCatalog(),
    packages: memoryPackages(),
    async openWorkspace(name) {
      const folder = folders.get(name) ?? new MemoryFolder();
      folders.set(name, folder);
      return folder;
    },
    listWorkspaces: async () => [...folders.keys()],
    removeWorkspace: async (name) => void folders.delete(name),
    sizeOf: async (name) => [...(folders.get(name)?.files.values() ?? [])].reduce((sum, file) => sum + file.size(), 0),
    erase: async () => folders.clear(),
  };
}
