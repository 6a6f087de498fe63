// The file service's side of persistence: restores the workspace, then keeps the store up to date. File service.
import { VerkletError, type RestoreSummary, type Snapshot } from '#protocol';
import type { FileSystem } from '../../fs/file-system.ts';
import { packageCacheOf, type PackageCache } from '../../packages/package-cache.ts';
import { ChangeCollector } from './change-collector.ts';
import { InstalledPackages } from './installed-packages.ts';
import { Restorer, type RestoreProblems, type RestoreResult } from './restorer.ts';
import { Saver } from './saver.ts';
import { StoreClient } from './store-client.ts';

export interface Restored extends RestoreSummary, RestoreProblems {}

export class Persistence {
  readonly #fs: FileSystem;
  readonly #store: StoreClient;
  readonly #cache: PackageCache;
  readonly #collector: ChangeCollector;
  #saver: Saver | null = null;
  #isHandedOver = false;

  constructor(fs: FileSystem, port: MessagePort) {
    this.#fs = fs;
    this.#store = new StoreClient(port);
    this.#cache = packageCacheOf(this.#store);
    this.#collector = new ChangeCollector(fs, new InstalledPackages(fs, this.#cache));
    this.#store.onHandOver = () => void this.#handOver();
  }

  /** Brings the stored tree back and starts to save. Once, before any process runs. */
  async start(): Promise<Restored> {
    const { references, ...restored } = await this.#write(true, (restorer) =>
      this.#store.ask<RestoreSummary>({ type: 'read-workspace' }, [], (batch) => restorer.take(batch)),
    );
    this.#collector.adopt(references);
    this.#saver = new Saver(this.#fs, this.#store, this.#collector);
    void this.#saver.follow();
    return restored;
  }

  /** Null when nothing changed since the last save. Rejects with `ERR_HANDED_OVER` where saving would be no save. */
  async save(name: string | null): Promise<Snapshot | null> {
    if (this.#isHandedOver) throw new VerkletError('ERR_HANDED_OVER');
    return (await this.#saver?.save(name)) ?? null;
  }

  /** Makes the files those of a snapshot; what was there is saved first. */
  async restore(snapshot: string): Promise<Restored> {
    await this.save(null);
    const { references: _, ...restored } = await this.#write(false, (restorer) =>
      this.#store.ask<RestoreSummary>({ type: 'read-snapshot', snapshot }, [], (batch) => restorer.take(batch)),
    );
    await this.save(null);
    return restored;
  }

  async #write(isFresh: boolean, read: (restorer: Restorer) => Promise<RestoreSummary>): Promise<RestoreSummary & RestoreResult> {
    const restorer = new Restorer(this.#fs, this.#cache, isFresh);
    const summary = await read(restorer);
    return { ...summary, ...(await restorer.finish()) };
  }

  async #handOver(): Promise<void> {
    const saver = this.#saver;
    this.#isHandedOver = true;
    this.#saver = null;
    saver?.stop();
    // A failure is told to the page by the store; the new owner then has the save before.
    await saver?.save().catch(() => null);
    this.#store.tell({ type: 'let-go' });
  }
}
