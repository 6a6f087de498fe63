// Block files on OPFS synchronous access handles. Runs in a dedicated worker; elsewhere the handles do not exist.
import type { BlockFile, BlockFolder } from './block-file.ts';

class OpfsFile implements BlockFile {
  readonly #handle: FileSystemSyncAccessHandle;

  constructor(handle: FileSystemSyncAccessHandle) {
    this.#handle = handle;
  }

  size(): number {
    return this.#handle.getSize();
  }

  read(into: Uint8Array, offset: number): number {
    return this.#handle.read(into, { at: offset });
  }

  write(from: Uint8Array, offset: number): void {
    // A short write is how some engines report a full device.
    if (this.#handle.write(from, { at: offset }) !== from.length) throw new DOMException('The device is full', 'QuotaExceededError');
  }

  truncate(size: number): void {
    this.#handle.truncate(size);
  }

  flush(): void {
    this.#handle.flush();
  }

  close(): void {
    this.#handle.close();
  }
}

/** The lock of a tab that died is free before its handles are: those are waited for. */
const DEAD_HANDLE_MS = 5000;
const RETRY_MS = 50;

export async function openHandle(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  const deadline = performance.now() + DEAD_HANDLE_MS;
  for (;;) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const isHeld = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isHeld || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** The folder at `path` below the origin's private root, made when missing. */
export async function openOpfsFolder(path: readonly string[]): Promise<BlockFolder> {
  let folder = await navigator.storage.getDirectory();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
  return {
    async open(name) {
      return new OpfsFile(await openHandle(await folder.getFileHandle(name, { create: true })));
    },
    snapshot: async (name) => (await folder.getFileHandle(name)).getFile(),
    async list() {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    },
    remove: (name) => removeEntry(folder, name),
  };
}

/** Removes the entry with all its content; one that is not there is removed already. */
export async function removeEntry(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
  }
}
