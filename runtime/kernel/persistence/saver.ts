// Autosave: follows the ring of changes and saves a moment after it falls quiet. One save runs at a time. File service.
import { isVerkletError, type Snapshot } from '#protocol';
import type { FileSystem } from '../../fs/file-system.ts';
import type { ChangeCollector } from './change-collector.ts';
import { isInModules, isInRebuilt, isKept } from './kept-paths.ts';
import { SaveBatches } from './save-batches.ts';
import type { StoreClient } from './store-client.ts';

/** Quiet time before a save, and the longest that changes wait when it never is quiet. */
const QUIET_MS = 300;
const PATIENCE_MS = 2000;
/** An installation writes for long, and half of it is worth nothing. */
const MODULES_QUIET_MS = 1500;
const MODULES_PATIENCE_MS = 20_000;
/** A failed save is tried again: room may have been made. */
const RETRY_MS = 10_000;

export class Saver {
  readonly #fs: FileSystem;
  readonly #store: StoreClient;
  readonly #collector: ChangeCollector;
  readonly #stop = new AbortController();
  readonly #light = new PendingPaths(QUIET_MS, PATIENCE_MS);
  readonly #modules = new PendingPaths(MODULES_QUIET_MS, MODULES_PATIENCE_MS);
  #cursor: number;
  #needsAll = false;
  #isNoted = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: Promise<Snapshot | null> = Promise.resolve(null);

  constructor(fs: FileSystem, store: StoreClient, collector: ChangeCollector) {
    this.#fs = fs;
    this.#store = store;
    this.#collector = collector;
    this.#cursor = fs.changeCursor();
  }

  /** Follows changes until {@link stop}. */
  async follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#fs.waitForChange(this.#cursor, this.#stop.signal);
      this.#takeChanges();
      if (this.#hasPending && !this.#stop.signal.aborted) this.#schedule();
    }
  }

  /** Saves all changes now, under a name if one is given. Rejects with a coded error; the changes then stay pending. */
  save(name: string | null = null): Promise<Snapshot | null> {
    const before = this.#running.catch(() => null);
    return (this.#running = before.then(() => this.#save(true, name)));
  }

  stop(): void {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  get #hasPending(): boolean {
    return this.#light.size > 0 || this.#modules.size > 0;
  }

  #takeChanges(): void {
    const { changes, cursor } = this.#fs.changesSince(this.#cursor);
    this.#cursor = cursor;
    for (const { kind, path } of changes) {
      if (kind === 'overflow') {
        // So many changes at once are an installation's: they are looked for when it is over.
        this.#needsAll = true;
        this.#modules.add('/workdir');
      } else if (isKept(path) && !isInRebuilt(path)) (isInModules(path) ? this.#modules : this.#light).add(path);
    }
    this.#note();
  }

  #note(): void {
    if (!this.#hasPending || this.#isNoted) return;
    this.#isNoted = true;
    this.#store.tell({ type: 'note-changes' });
  }

  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const waits = [this.#light, this.#modules].filter(({ size }) => size > 0).map((pending) => pending.waitMs());
    this.#timer = setTimeout(() => this.#saveWhatIsDue(), Math.max(0, Math.min(...waits)));
  }

  #saveWhatIsDue(): void {
    this.#timer = null;
    const before = this.#running.catch(() => null);
    const saved = (this.#running = before.then(() => this.#save(false, null)));
    saved
      .then(() => {
        if (this.#hasPending && this.#timer === null && !this.#stop.signal.aborted) this.#schedule();
      })
      // Told to the page by the store; here it only means another try.
      .catch(() => {
        if (!this.#stop.signal.aborted) this.#timer ??= setTimeout(() => this.#saveWhatIsDue(), RETRY_MS);
      });
  }

  /** Once more where the store could help: it made room, or something that the save built on had gone meanwhile. */
  async #save(isAll: boolean, name: string | null): Promise<Snapshot | null> {
    try {
      return await this.#saveOnce(isAll, name);
    } catch (error) {
      if (!isVerkletError(error) || error.details['isWorthRetrying'] !== true) throw error;
      return this.#saveOnce(true, name);
    }
  }

  async #saveOnce(isAll: boolean, name: string | null): Promise<Snapshot | null> {
    this.#takeChanges();
    const takesModules = isAll || this.#modules.waitMs() <= 0;
    const isEverything = this.#needsAll && takesModules;
    const paths = [...this.#light.take(), ...(takesModules ? this.#modules.take() : [])];
    if (isEverything) this.#needsAll = false;
    if (paths.length === 0 && !isEverything && name === null && !this.#isNoted) return null;
    const batches = new SaveBatches(this.#store);
    try {
      const postponed = await this.#collector.collect(isEverything ? null : paths, batches, takesModules);
      for (const path of postponed) this.#modules.add(path);
      await batches.finish();
      const snapshot = await this.#store.ask<Snapshot | null>({ type: 'commit-save', name });
      // What waits for its turn is not stored yet.
      this.#isNoted = false;
      this.#note();
      return snapshot;
    } catch (error) {
      // The store went back to its last commit: what it was told since is told again.
      this.#collector.forget();
      this.#needsAll = true;
      this.#modules.add('/workdir');
      throw error;
    }
  }
}

/** Paths that changed since the last save, and how long they may still wait. */
class PendingPaths {
  readonly #quietMs: number;
  readonly #patienceMs: number;
  readonly #paths = new Set<string>();
  #firstAtMs = 0;
  #lastAtMs = 0;

  constructor(quietMs: number, patienceMs: number) {
    this.#quietMs = quietMs;
    this.#patienceMs = patienceMs;
  }

  get size(): number {
    return this.#paths.size;
  }

  add(path: string): void {
    this.#lastAtMs = performance.now();
    if (this.#paths.size === 0) this.#firstAtMs = this.#lastAtMs;
    this.#paths.add(path);
  }

  /** Infinite when nothing is pending. */
  waitMs(): number {
    if (this.#paths.size === 0) return Infinity;
    return Math.min(this.#lastAtMs + this.#quietMs, this.#firstAtMs + this.#patienceMs) - performance.now();
  }

  take(): string[] {
    const paths = [...this.#paths];
    this.#paths.clear();
    return paths;
  }
}
