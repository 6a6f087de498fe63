// The packages that all workspaces of this browser share, as an installer sees them. The content is with the store worker on
// the app's origin; bytes travel over a port of their own. Runs in any worker of the workspace origin.
import type { ProcessHost } from '../process/host.ts';
import { MessageChannel } from '../process/intrinsics.ts';
import { StoreClient } from '../kernel/persistence/store-client.ts';

/** Archives by integrity: npm tarballs (`sha512-...`) and Python wheels (`sha256-...`). */
export interface PackageCache {
  /** The archive, checked against its integrity; null when it is not there. */
  get(integrity: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Keeps a copy of `bytes`. Rejects with `ERR_INTEGRITY` or `ERR_STORAGE_FULL`; an installation goes on without a cache. */
  put(integrity: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Resolves when the archive is kept, or cannot be: it is then fetched again another time. */
export async function keepPackage(cache: PackageCache | null, integrity: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await cache?.put(integrity, bytes).catch(() => undefined);
}

/** The cache for a process; null where the embedding page keeps none. */
export async function openPackageCache(host: Pick<ProcessHost, 'call'>): Promise<PackageCache | null> {
  const { port1, port2 } = new MessageChannel();
  if ((await host.call({ type: 'open-package-cache', port: port2 })) < 0) return null;
  return packageCacheOf(new StoreClient(port1));
}

export function packageCacheOf(store: StoreClient): PackageCache {
  return {
    get: (integrity) => store.ask({ type: 'get-package', integrity }),
    put(integrity, bytes) {
      const copy = bytes.slice();
      return store.ask({ type: 'put-package', integrity, bytes: copy }, [copy.buffer]);
    },
  };
}
