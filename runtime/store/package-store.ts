// The packages that all workspaces share: one private file per archive, named by its integrity, so that any tab may read
// and write without asking another. Content is checked before it is kept. Runs in the store worker.
import { VerkletError } from '#protocol';
import { toHex } from './records.ts';

/** No archive of a registry is larger; a workspace may not fill the device through the cache. */
export const MAX_PACKAGE_BYTES = 512 * 1024 * 1024;
const ALGORITHMS: Readonly<Record<string, string>> = { sha512: 'SHA-512', sha384: 'SHA-384', sha256: 'SHA-256' };

export interface PackageStore {
  get(integrity: string): Promise<Uint8Array | null>;
  /** Rejects with `ERR_INTEGRITY` when the bytes are others than the name says. */
  put(integrity: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  list(): Promise<{ readonly name: string; readonly sizeBytes: number; readonly usedAtMs: number }[]>;
  remove(name: string): Promise<void>;
}

/** File name of an integrity's strongest usable hash: `sha512-<hex>`; null when there is none. */
export function packageName(integrity: string): string | null {
  for (const [prefix] of Object.entries(ALGORITHMS)) {
    const found = integrity
      .trim()
      .split(/\s+/)
      .find((one) => one.startsWith(`${prefix}-`));
    const digest = found?.slice(prefix.length + 1).split('?', 1)[0];
    if (digest !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(digest))
      return `${prefix}-${toHex(Uint8Array.from(atob(digest), (character) => character.charCodeAt(0)))}`;
  }
  return null;
}

async function check(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const [prefix = '', expected] = name.split('-');
  const digest = toHex(new Uint8Array(await crypto.subtle.digest(ALGORITHMS[prefix] ?? '', bytes)));
  if (digest !== expected) throw new VerkletError('ERR_INTEGRITY', { name: 'a package', expected: name });
}

export function openOpfsPackages(folder: FileSystemDirectoryHandle): PackageStore {
  return {
    async get(integrity) {
      const name = packageName(integrity);
      if (name === null) return null;
      try {
        const file = await (await folder.getFileHandle(name)).getFile();
        const bytes = new Uint8Array(await file.arrayBuffer());
        await check(name, bytes);
        return bytes;
      } catch (error) {
        if (isMissing(error)) return null;
        // A torn write or damage: it can be had again.
        if (error instanceof VerkletError) await folder.removeEntry(name);
        return null;
      }
    },
    async put(integrity, bytes) {
      const name = packageName(integrity);
      if (name === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a package', expected: integrity });
      await check(name, bytes);
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
    async list() {
      const found = [];
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind !== 'file') continue;
        const file = await (handle as FileSystemFileHandle).getFile();
        found.push({ name, sizeBytes: file.size, usedAtMs: file.lastModified });
      }
      return found;
    },
    remove: (name) => folder.removeEntry(name),
  };
}

/** For pages without private files. */
export function memoryPackages(): PackageStore {
  const kept = new Map<string, Uint8Array>();
  return {
    get: async (integrity) => kept.get(packageName(integrity) ?? '')?.slice() ?? null,
    async put(integrity, bytes) {
      const name = packageName(integrity);
      if (name === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a package', expected: integrity });
      await check(name, bytes);
      kept.set(name, bytes);
    },
    list: async () => [...kept].map(([name, bytes]) => ({ name, sizeBytes: bytes.length, usedAtMs: 0 })),
    remove: async (name) => void kept.delete(name),
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
