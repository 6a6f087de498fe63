// What is kept of a runtime's files: state, saves, history. Page side.
import { VerkletError, type OpenedWorkspace, type OnConflict, type Snapshot, type SnapshotChange, type StoreEvent } from '#protocol';
import type { Persistence, PersistenceEvent, PersistenceState } from './api.ts';
import type { KernelChannel } from './kernel-channel.ts';
import { leaseStore, type StoreLease } from './store-worker.ts';
import { makeWorkspaceLabel } from './workspace-label.ts';

export interface OpenStoreOptions {
  readonly key: string | undefined;
  readonly name: string | undefined;
  readonly note: string | undefined;
  readonly onConflict: OnConflict | undefined;
  readonly previewHost: string;
}

/** The stored workspace of a runtime, or nothing but the package cache where no key was given. */
export class WorkspacePersistence implements Persistence {
  readonly #lease: StoreLease;
  readonly #opened: OpenedWorkspace | null;
  readonly #listeners = new Set<(event: PersistenceEvent) => void | Promise<void>>();
  #kernel: KernelChannel | null = null;
  #state: PersistenceState;
  #lastSaved: Snapshot | null = null;
  #isRecovered: boolean;

  /** Rejects with `ERR_WORKSPACE_LOCKED` and other coded errors, and then holds nothing. */
  static async open({ key, name, note, onConflict, previewHost }: OpenStoreOptions): Promise<WorkspacePersistence> {
    const lease = leaseStore();
    try {
      let persistence: WorkspacePersistence | null = null;
      const opened =
        key === undefined
          ? null
          : await lease.store.open(
              { key, name: name ?? key, note: note ?? '', label: makeWorkspaceLabel(), onConflict: onConflict ?? 'lock', previewHost },
              (event) => persistence?.receive(event),
            );
      return (persistence = new WorkspacePersistence(lease, opened));
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  private constructor(lease: StoreLease, opened: OpenedWorkspace | null) {
    this.#lease = lease;
    this.#opened = opened;
    this.#state = opened === null ? 'off' : 'saved';
    this.#isRecovered = opened?.isRecovered ?? false;
  }

  get state(): PersistenceState {
    return this.#state;
  }

  get tier(): Persistence['tier'] {
    return this.#opened?.tier ?? 'none';
  }

  get key(): string | null {
    return this.#opened?.key ?? null;
  }

  get name(): string {
    return this.#opened?.name ?? '';
  }

  get note(): string {
    return this.#opened?.note ?? '';
  }

  get isNew(): boolean {
    return this.#opened?.isNew ?? true;
  }

  get isRecovered(): boolean {
    return this.#isRecovered;
  }

  get lastSaved(): Snapshot | null {
    return this.#lastSaved;
  }

  /** Label of the workspace's origin: kept with the workspace, or a fresh one. */
  get label(): string {
    return this.#opened === null || this.#opened.label === '' ? makeWorkspaceLabel() : this.#opened.label;
  }

  /** Connects the kernel with the store; resolves when the stored files are back. */
  async attach(kernel: KernelChannel): Promise<RestoredFiles | null> {
    this.#kernel = kernel;
    const { port1, port2 } = new MessageChannel();
    void this.#lease.store.connect(this.#opened?.session ?? null, port1);
    const restored = await kernel.ask<RestoredFiles | null>({ type: 'attach-store', keepsFiles: this.#opened !== null }, [port2]);
    if (this.#opened === null || restored === null) return null;
    this.#isRecovered = restored.isRecovered;
    // Where a page may be ended without notice, its last moments are these.
    document.addEventListener('visibilitychange', this.#saveWhenHidden);
    document.addEventListener('freeze', this.#saveWhenHidden);
    return restored;
  }

  on(listener: (event: PersistenceEvent) => void | Promise<void>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async save(): Promise<void> {
    await this.#ask((kernel) => kernel.ask({ type: 'save-files', name: null }));
  }

  snapshot(name: string): Promise<Snapshot> {
    return this.#ask((kernel) => kernel.ask({ type: 'save-files', name }));
  }

  history(): Promise<Snapshot[]> {
    return this.#ask((_, session) => this.#lease.store.history(session));
  }

  diff(from: string, to: string): Promise<SnapshotChange[]> {
    return this.#ask((_, session) => this.#lease.store.diff(session, from, to));
  }

  readFile(snapshot: string, path: string): Promise<Uint8Array | null> {
    return this.#ask((_, session) => this.#lease.store.readFromSnapshot(session, snapshot, path));
  }

  async restore(snapshot: string): Promise<void> {
    await this.#ask((kernel) => kernel.ask({ type: 'restore-files', snapshot }));
  }

  fork(snapshot: string, name: string): Promise<string> {
    return this.#ask((_, session) => this.#lease.store.fork(session, snapshot, { name, label: makeWorkspaceLabel() }));
  }

  /** After the last save: lets go of the workspace. */
  async close(): Promise<void> {
    document.removeEventListener('visibilitychange', this.#saveWhenHidden);
    document.removeEventListener('freeze', this.#saveWhenHidden);
    try {
      if (this.#opened !== null) await this.#lease.store.close(this.#opened.session);
    } finally {
      this.#lease.release();
    }
  }

  /** Resolves when all listeners are done with it. */
  async receive(event: StoreEvent): Promise<void> {
    switch (event.type) {
      case 'unsaved':
        this.#state = 'unsaved';
        break;
      case 'saved':
        this.#state = 'saved';
        this.#lastSaved = event.snapshot;
        break;
      case 'save-failed':
        this.#state = 'failed';
        break;
      case 'handing-over':
        break;
      case 'handed-over':
        this.#state = 'handed-over';
        break;
      default:
        event satisfies never;
    }
    await Promise.all([...this.#listeners].map((listener) => listener(event)));
  }

  readonly #saveWhenHidden = (): void => {
    // A failure arrives as an event of its own.
    if (document.visibilityState === 'hidden' || this.#state === 'unsaved') void this.save().catch(() => undefined);
  };

  async #ask<T>(question: (kernel: KernelChannel, session: number) => Promise<T>): Promise<T> {
    if (this.#kernel === null || this.#opened === null)
      throw new VerkletError('ERR_NO_STORAGE', { reason: 'the runtime was booted without a persistenceKey' });
    return question(this.#kernel, this.#opened.session);
  }
}

export interface RestoredFiles {
  readonly isRecovered: boolean;
  readonly files: number;
  readonly sizeBytes: number;
  readonly missingPackages: readonly string[];
  readonly unwritten: readonly string[];
}
