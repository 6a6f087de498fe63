// The local folder that is connected to the open workspace: asked for once, remembered, and asked for again after a reload.
import { signal } from '@preact/signals';
import { createStore, get, set } from 'idb-keyval';
import { notify, reporting } from './notices.ts';
import type { Workspace } from './workspace.ts';
import type { LocalFolder } from '@verklet/sdk/local-folder';

/** Below the project: the folder's own name follows. */
const TARGET = '/workdir';

export const folderConflicts = signal<readonly string[]>([]);
export const connectedFolder = signal<string | null>(null);
let open: LocalFolder | null = null;

interface Picker {
  showDirectoryPicker?(options: { readonly mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
}
interface Permitted {
  requestPermission?(options: { readonly mode: 'readwrite' }): Promise<PermissionState>;
  queryPermission?(options: { readonly mode: 'readwrite' }): Promise<PermissionState>;
}

export function canConnectFolder(): boolean {
  return 'showDirectoryPicker' in window;
}

/** Asks for a folder and connects it. */
export async function connectFolder(workspace: Workspace): Promise<void> {
  const handle = await (window as Picker).showDirectoryPicker?.({ mode: 'readwrite' }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined; // the user changed their mind
    throw error;
  });
  if (handle === undefined) return;
  await set(workspace.key, handle, handles());
  await connect(workspace, handle);
}

/** After a reload the browser wants the user's word again, and takes it only from a press of a button. */
export async function offerKnownFolder(workspace: Workspace): Promise<void> {
  const handle = await get<FileSystemDirectoryHandle & Permitted>(workspace.key, handles());
  if (handle === undefined) return;
  if ((await handle.queryPermission?.({ mode: 'readwrite' })) !== 'prompt') return connect(workspace, handle);
  notify(`The folder ${handle.name} was connected to this workspace.`, {
    action: {
      label: 'Connect again',
      run: () =>
        void reporting(async () => {
          if ((await handle.requestPermission?.({ mode: 'readwrite' })) === 'granted') await connect(workspace, handle);
        }),
    },
  });
}

export async function disconnectFolder(): Promise<void> {
  const closing = open;
  open = null;
  connectedFolder.value = null;
  folderConflicts.value = [];
  removeEventListener('focus', pull);
  await closing?.close();
}

export async function resolveConflict(path: string, keep: 'workspace' | 'folder'): Promise<void> {
  await open?.resolve(path, keep);
}

async function connect(workspace: Workspace, handle: FileSystemDirectoryHandle): Promise<void> {
  await disconnectFolder();
  const { LocalFolder: Folder } = await import('@verklet/sdk/local-folder');
  open = await Folder.open(workspace.runtime.fs, handle, `${TARGET}/${handle.name}`, {
    onProgress: () => undefined,
    onConflicts: (paths) => void (folderConflicts.value = paths),
    onError: (error) => notify(error instanceof Error ? error.message : String(error), { tone: 'problem' }),
  });
  connectedFolder.value = handle.name;
  notify(`${handle.name} is connected: what changes here is written there, and the other way round.`);
  // Another program may have changed files while the user was there.
  addEventListener('focus', pull);
}

function pull(): void {
  void reporting(async () => open?.pull());
}

function handles(): ReturnType<typeof createStore> {
  return createStore('verklet-folders', 'folders');
}
