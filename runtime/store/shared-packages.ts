// The package cache as workspaces use it: makes room by age when the browser's storage fills up, and never takes away what a
// stored snapshot of any workspace refers to. Runs in the store worker.
import { VerkletError } from '#protocol';
import { copyCommitted } from './copy.ts';
import { isFull } from './full.ts';
import { MemoryFolder } from './memory-file.ts';
import { packageName, type PackageStore } from './package-store.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Storage } from './storage.ts';
import { WorkspaceSession } from './workspace-session.ts';

/** From here on unneeded packages go by themselves, until less than the second share is used. */
const CROWDED_SHARE = 0.8;
const ROOMY_SHARE = 0.7;
/** Looking takes a walk over all workspaces: not after each save. */
const LOOK_AGAIN_MS = 60_000;
/** A full device gives way to more than the one write that met it. */
const LEAST_ROOM_BYTES = 16 * 1024 * 1024;
/** Exclusive while packages are taken away, shared while a save that refers to some is committed. */
const LOCK = 'verklet-packages';

export class SharedPackages {
  readonly #storage: Storage;
  readonly #estimate: () => Promise<StorageEstimate>;
  #lookedAtMs = -Infinity;

  constructor(storage: Storage, estimate: () => Promise<StorageEstimate> = () => navigator.storage.estimate()) {
    this.#storage = storage;
    this.#estimate = estimate;
  }

  get(integrity: string): Promise<Uint8Array | null> {
    return this.#kept.get(integrity);
  }

  /** Rejects with `ERR_INTEGRITY`, or with `ERR_STORAGE_FULL` where even the room of old packages does not do. */
  async put(integrity: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#kept.put(integrity, bytes);
    } catch (error) {
      if (!isFull(error)) throw error;
      await this.makeRoom(bytes.length);
      await this.#kept.put(integrity, bytes).catch((again: unknown) => {
        throw isFull(again) ? new VerkletError('ERR_STORAGE_FULL', { what: 'a package' }, { cause: again }) : again;
      });
    }
  }

  /** Commits a save that refers to packages. None of them goes meanwhile; one that went before rejects with `ERR_INTEGRITY`. */
  holding<T>(integrities: ReadonlySet<string>, commit: (missing: VerkletError | null) => Promise<T>): Promise<T> {
    if (integrities.size === 0) return commit(null);
    return navigator.locks.request(LOCK, { mode: 'shared' }, async () => {
      for (const integrity of integrities)
        if (!(await this.#kept.has(packageName(integrity) ?? '')))
          return commit(new VerkletError('ERR_INTEGRITY', { name: 'a package that the save refers to', expected: integrity }));
      return commit(null);
    });
  }

  /** Takes unneeded packages away, the oldest first, until that much room is made. Returns the bytes that are free now. */
  async makeRoom(wantedBytes: number): Promise<number> {
    const wanted = Math.max(wantedBytes, LEAST_ROOM_BYTES);
    return this.#remove((freedBytes) => freedBytes < wanted);
  }

  /** Makes room when most of the quota is used. To be called after writing. */
  async makeRoomWhenCrowded(): Promise<void> {
    if (performance.now() - this.#lookedAtMs < LOOK_AGAIN_MS) return;
    this.#lookedAtMs = performance.now();
    const { usage = 0, quota = 0 } = await this.#estimate();
    if (usage < quota * CROWDED_SHARE) return;
    await this.#remove((freedBytes) => usage - freedBytes > quota * ROOMY_SHARE);
  }

  async removeUnneeded(): Promise<void> {
    await this.#remove(() => true);
  }

  get #kept(): PackageStore {
    return this.#storage.packages;
  }

  #remove(isMoreWanted: (freedBytes: number) => boolean): Promise<number> {
    return navigator.locks.request(LOCK, async () => {
      const needed = await this.#needed();
      const packages = await this.#kept.list();
      let freedBytes = 0;
      for (const { name, sizeBytes } of packages.toSorted((a, b) => a.keptAtMs - b.keptAtMs)) {
        if (!isMoreWanted(freedBytes)) break;
        if (needed.has(name)) continue;
        await this.#kept.remove(name);
        freedBytes += sizeBytes;
      }
      return freedBytes;
    });
  }

  /** Rejects when a workspace cannot be read: it may need anything. */
  async #needed(): Promise<Set<string | null>> {
    const needed = new Set<string | null>();
    for (const folder of await this.#storage.listWorkspaces())
      for (const integrity of await this.#packagesOf(folder)) needed.add(packageName(integrity));
    return needed;
  }

  /** From what is stored, also where another tab writes: what a crashed tab noted may be old. */
  async #packagesOf(folder: string): Promise<Set<string>> {
    const copy = new MemoryFolder();
    await copyCommitted(await this.#storage.openWorkspace(folder), copy);
    return new WorkspaceSession(await SnapshotStore.open(copy), () => undefined).packages();
  }
}
