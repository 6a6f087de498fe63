// Packages as private files, one per archive: no file has an owner. Runs in the store worker.
import { VerkletError } from '#protocol';
import { removeEntry } from './opfs-file.ts';
import { checkPackage, packageName, requirePackageName, type PackageStore } from './package-store.ts';

export function openOpfsPackages(folder: FileSystemDirectoryHandle): PackageStore {
  return {
    async get(integrity) {
      const name = packageName(integrity);
      if (name === null) return null;
      try {
        const file = await (await folder.getFileHandle(name)).getFile();
        const bytes = new Uint8Array(await file.arrayBuffer());
        await checkPackage(name, bytes);
        return bytes;
      } catch (error) {
        if (isMissing(error)) return null;
        // A torn write or damage.
        if (error instanceof VerkletError) await folder.removeEntry(name);
        return null;
      }
    },
    async put(integrity, bytes) {
      const name = requirePackageName(integrity);
      await checkPackage(name, bytes);
      const handle = await folder.getFileHandle(name, { create: true });
      if ((await handle.getFile()).size === bytes.length) return;
      const access = await openAlone(handle);
      if (access === null) return; // another tab writes the same bytes right now
      try {
        if (access.write(bytes, { at: 0 }) !== bytes.length) throw new DOMException('The device is full', 'QuotaExceededError');
        access.truncate(bytes.length);
      } catch (error) {
        access.close();
        await folder.removeEntry(name);
        throw error;
      }
      access.close();
    },
    async has(name) {
      try {
        return (await (await folder.getFileHandle(name)).getFile()).size > 0;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    async list() {
      const found = [];
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind !== 'file') continue;
        const file = await (handle as FileSystemFileHandle).getFile();
        found.push({ name, sizeBytes: file.size, keptAtMs: file.lastModified });
      }
      return found;
    },
    remove: (name) => removeEntry(folder, name),
  };
}

async function openAlone(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle | null> {
  try {
    return await handle.createSyncAccessHandle();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NoModificationAllowedError') return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotFoundError' || error.name === 'NotReadableError');
}
