// The packages that all workspaces share, each named by its integrity. Content is checked before it is kept, and any tab may
// read and write without asking another. Runs in the store worker.
import { toHex, VerkletError } from '#protocol';

/** No archive of a registry is larger; a workspace may not fill the device through the cache. */
export const MAX_PACKAGE_BYTES = 512 * 1024 * 1024;
const ALGORITHMS: Readonly<Record<string, string>> = { sha512: 'SHA-512', sha384: 'SHA-384', sha256: 'SHA-256' };

export interface KeptPackage {
  readonly name: string;
  readonly sizeBytes: number;
  /** When it was downloaded last. */
  readonly keptAtMs: number;
}

export interface PackageStore {
  /** Null also when the kept bytes are damaged: the package can be had again. */
  get(integrity: string): Promise<Uint8Array | null>;
  /** Rejects with `ERR_INTEGRITY` when the bytes are others than the name says. */
  put(integrity: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  has(name: string): Promise<boolean>;
  list(): Promise<KeptPackage[]>;
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

/** Throws `ERR_INTEGRITY` when the bytes are others than the name says. */
export async function checkPackage(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const [prefix = '', expected] = name.split('-');
  const digest = toHex(new Uint8Array(await crypto.subtle.digest(ALGORITHMS[prefix] ?? '', bytes)));
  if (digest !== expected) throw new VerkletError('ERR_INTEGRITY', { name: 'a package', expected: name });
}

/** As {@link packageName}, for a package that is to be kept. */
export function requirePackageName(integrity: string): string {
  const name = packageName(integrity);
  if (name === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a package', expected: integrity });
  return name;
}

/** For pages that can store nothing. */
export function memoryPackages(): PackageStore {
  const kept = new Map<string, { readonly bytes: Uint8Array; readonly keptAtMs: number }>();
  return {
    get: async (integrity) => kept.get(packageName(integrity) ?? '')?.bytes.slice() ?? null,
    async put(integrity, bytes) {
      const name = requirePackageName(integrity);
      await checkPackage(name, bytes);
      kept.set(name, { bytes: bytes.slice(), keptAtMs: Date.now() });
    },
    has: async (name) => kept.has(name),
    list: async () => [...kept].map(([name, { bytes, keptAtMs }]) => ({ name, sizeBytes: bytes.length, keptAtMs })),
    remove: async (name) => void kept.delete(name),
  };
}
