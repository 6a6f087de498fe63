// All workspaces of this origin: opens, lists, copies, deletes them and counts what they use. Runs in the store worker.
import {
  folderOf,
  keyOf,
  VerkletError,
  type CopyOptions,
  type OpenedWorkspace,
  type OpenWorkspaceOptions,
  type PythonPackState,
  type Snapshot,
  type SpareOrigin,
  type SnapshotChange,
  type StorageUsage,
  type StoreApi,
  type StoreEvent,
  type ToStoreFromKernel,
  type WorkspaceInfo,
} from '#protocol';
import { copyCommitted } from './copy.ts';
import { HAND_OVER_MS, takeOver, tryOwn, type Ownership } from './ownership.ts';
import { PortServer } from './port-server.ts';
import { PythonPack } from './python-pack.ts';
import { SharedPackages } from './shared-packages.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Storage } from './storage.ts';
import { WorkspaceSession } from './workspace-session.ts';

/** How long a deleted workspace can be had back. */
const UNDO_MS = 7 * 24 * 60 * 60 * 1000;
/** A key becomes a file name. */
const MAX_KEY = 150;

type EventListener = (event: StoreEvent) => void | Promise<void>;

interface OpenSession {
  readonly key: string;
  readonly workspace: WorkspaceSession;
  readonly ownership: Ownership;
  readonly ports: PortServer[];
  isClosing: boolean;
}

export class Store implements StoreApi {
  readonly #storage: Storage;
  readonly #packages: SharedPackages;
  readonly #sessions = new Map<number, OpenSession>();
  readonly #onEvents = new Map<number, EventListener>();
  readonly #python = new PythonPack();
  #lastSession = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#packages = new SharedPackages(storage);
  }

  async open(options: OpenWorkspaceOptions, onEvent: EventListener): Promise<OpenedWorkspace> {
    if (options.key === '' || options.key.length > MAX_KEY)
      throw new VerkletError('ERR_BAD_OPTION', { name: 'persistenceKey', reason: `it must have 1 to ${MAX_KEY} characters` });
    const session = ++this.#lastSession;
    const owned = await this.#own(options, session);
    if (owned === null) {
      // A fork: a copy of what the owner saved last, under a key of its own.
      const key = await this.duplicate(options.key, { name: `${options.name} (copy)`, label: options.label });
      return this.open({ ...options, key, onConflict: 'lock' }, onEvent);
    }
    try {
      return await this.#start(session, options, owned, onEvent);
    } catch (error) {
      owned.release();
      throw error;
    }
  }

  async #own({ key, onConflict }: OpenWorkspaceOptions, session: number): Promise<Ownership | null> {
    const folder = folderOf(key);
    const onRequest = (): void => void this.#handOver(session);
    const owned = await tryOwn(folder, onRequest);
    if (owned !== null) return owned;
    if (onConflict === 'fork') return null;
    const taken = onConflict === 'inherit' ? await takeOver(folder, onRequest) : null;
    if (taken === null) throw new VerkletError('ERR_WORKSPACE_LOCKED', { key });
    return taken;
  }

  async #start(
    session: number,
    { key, name, note, label, previewHost }: OpenWorkspaceOptions,
    ownership: Ownership,
    onEvent: EventListener,
  ): Promise<OpenedWorkspace> {
    const { catalog, tier } = this.#storage;
    const known = await catalog.get(key);
    const snapshots = await SnapshotStore.open(await this.#storage.openWorkspace(folderOf(key)));
    const workspace = new WorkspaceSession(snapshots, (event) => {
      void onEvent(event);
      if (event.type === 'saved') void this.#noteSave(key, workspace);
      // A failure: room is made when a write meets the end of it.
      if (event.type === 'saved') void this.#packages.makeRoomWhenCrowded().catch(() => undefined);
    });
    const now = Date.now();
    const record = known ?? {
      name,
      note,
      label: (await this.#takeSpare(previewHost)) ?? label,
      createdAtMs: now,
      usedAtMs: now,
      sizeBytes: 0,
      deletedAtMs: null,
    };
    // The list may be full where the workspace is not.
    await catalog.put(key, { ...record, usedAtMs: now, deletedAtMs: null }).catch((error: unknown) => {
      workspace.close();
      throw error;
    });
    this.#sessions.set(session, { key, workspace, ownership, ports: [], isClosing: false });
    this.#onEvents.set(session, onEvent);
    void workspace.readAhead();
    const { isNew, isRecovered } = workspace;
    return { session, key, label: record.label, name: record.name, note: record.note, tier, isNew, isRecovered };
  }
  connect(session: number | null, port: MessagePort): void {
    const open = session === null ? null : this.#session(session);
    port.addEventListener('message', ({ data, ports: [given] }: MessageEvent<ToStoreFromKernel | null>) => {
      if (!given) return;
      if (data?.type === 'read-python-file') return void this.#sendPythonFile(data.name, given);
      if (data?.type === 'open-packages') PortServer.serve(given, this.#packages, null);
      // One writer: the file service. User code could ask for more, and would then only write its own workspace.
      else if (data?.type === 'open-files' && open) open.ports.push(PortServer.serve(given, this.#packages, open.workspace));
    });
    port.start();
  }

  async #sendPythonFile(name: unknown, port: MessagePort): Promise<void> {
    // A pack that cannot be read is as good as none: the network has the file.
    port.postMessage(typeof name === 'string' ? await this.#python.read(name).catch(() => null) : null);
    port.close();
  }

  close(session: number): Promise<void> {
    return this.#release(session, true);
  }

  async #release(session: number, mayCompact: boolean): Promise<void> {
    const open = this.#sessions.get(session);
    if (open === undefined || open.isClosing) return;
    open.isClosing = true;
    for (const port of open.ports) await port.close();
    await this.#noteSave(open.key, open.workspace);
    // Not while another tab waits. A failure: room is freed another time.
    if (mayCompact) await open.workspace.compact().catch(() => undefined);
    open.workspace.close();
    this.#sessions.delete(session);
    this.#onEvents.delete(session);
    open.ownership.release();
  }

  async #handOver(session: number): Promise<void> {
    const open = this.#sessions.get(session);
    if (open === undefined || open.isClosing) return;
    const onEvent = this.#onEvents.get(session);
    // The page may hang; its files are saved all the same.
    await Promise.race([onEvent?.({ type: 'handing-over' }), new Promise((resolve) => setTimeout(resolve, HAND_OVER_MS / 4))]);
    await Promise.all(open.ports.map((port) => port.handOver(HAND_OVER_MS / 2)));
    void onEvent?.({ type: 'handed-over' });
    await this.#release(session, false);
  }

  async history(session: number): Promise<Snapshot[]> {
    return this.#session(session).workspace.history();
  }

  async diff(session: number, from: string, to: string): Promise<SnapshotChange[]> {
    return this.#session(session).workspace.diff(from, to);
  }

  async readFromSnapshot(session: number, snapshot: string, path: string): Promise<Uint8Array | null> {
    return this.#session(session).workspace.readFile(snapshot, path);
  }

  async fork(session: number, snapshot: string, options: CopyOptions): Promise<string> {
    const { key, workspace } = this.#session(session);
    return this.#makeCopy(key, options, async (folder) => {
      const target = await SnapshotStore.open(await this.#storage.openWorkspace(folder));
      try {
        await workspace.copyTo(target, snapshot);
      } finally {
        target.close();
      }
    });
  }

  async duplicate(key: string, options: CopyOptions): Promise<string> {
    await this.#record(key);
    return this.#makeCopy(key, options, async (folder) =>
      copyCommitted(await this.#storage.openWorkspace(folderOf(key)), await this.#storage.openWorkspace(folder)),
    );
  }

  async #makeCopy(key: string, { name, label }: CopyOptions, copy: (folder: string) => Promise<void>): Promise<string> {
    const copyKey = `${key.slice(0, MAX_KEY - 10)}~${crypto.randomUUID().slice(0, 8)}`;
    const folder = folderOf(copyKey);
    try {
      await copy(folder);
    } catch (error) {
      await this.#storage.removeWorkspace(folder).catch(() => undefined); // it may not have come into being
      throw error;
    }
    const now = Date.now();
    const record = await this.#record(key);
    const sizeBytes = await this.#storage.sizeOf(folder);
    await this.#storage.catalog.put(copyKey, { ...record, name, label, createdAtMs: now, usedAtMs: now, sizeBytes, deletedAtMs: null });
    return copyKey;
  }

  spare(previewHost: string): Promise<SpareOrigin | null> {
    return this.#storage.catalog.spare(previewHost);
  }

  keepSpare(previewHost: string, spare: SpareOrigin): Promise<void> {
    return this.#storage.catalog.setSpare(previewHost, spare);
  }

  async #takeSpare(previewHost: string): Promise<string | null> {
    const spare = await this.#storage.catalog.spare(previewHost);
    if (spare?.isReady !== true) return null;
    await this.#storage.catalog.setSpare(previewHost, null);
    return spare.label;
  }

  async list(): Promise<WorkspaceInfo[]> {
    const { catalog } = this.#storage;
    const records = new Map(await catalog.all());
    for (const folder of await this.#storage.listWorkspaces()) {
      const key = keyOf(folder);
      if (key === null || records.has(key)) continue;
      // The list was lost, the content was not.
      const now = Date.now();
      const sizeBytes = await this.#storage.sizeOf(folder);
      const record = { name: key, note: '', label: '', createdAtMs: now, usedAtMs: now, sizeBytes, deletedAtMs: null };
      await catalog.put(key, record);
      records.set(key, record);
    }
    return [...records]
      .map(([key, { name, note, createdAtMs, usedAtMs, sizeBytes, deletedAtMs }]) => {
        return { key, name, note, createdAtMs, usedAtMs, sizeBytes, isDeleted: deletedAtMs !== null };
      })
      .toSorted((a, b) => b.usedAtMs - a.usedAtMs);
  }

  async rename(key: string, name: string): Promise<void> {
    if (name.trim() === '' || name.length > MAX_KEY)
      throw new VerkletError('ERR_BAD_OPTION', { name: 'name', reason: `it must have 1 to ${MAX_KEY} characters` });
    await this.#record(key);
    await this.#storage.catalog.change(key, { name: name.trim() });
  }

  async remove(key: string): Promise<void> {
    await this.#record(key);
    await this.#storage.catalog.change(key, { deletedAtMs: Date.now() });
  }

  async undoRemove(key: string): Promise<void> {
    await this.#record(key);
    await this.#storage.catalog.change(key, { deletedAtMs: null });
  }

  /** Deletes for good what was deleted long ago, and is open nowhere. */
  async purge(olderThanMs = UNDO_MS): Promise<void> {
    for (const [key, { deletedAtMs }] of await this.#storage.catalog.all()) {
      if (deletedAtMs === null || Date.now() - deletedAtMs < olderThanMs) continue;
      const owned = await tryOwn(folderOf(key), () => undefined);
      if (owned === null) continue;
      await this.#storage.removeWorkspace(folderOf(key)).catch(() => undefined); // nothing was ever saved in it
      await this.#storage.catalog.remove(key);
      owned.release();
    }
  }

  async usage(): Promise<StorageUsage> {
    const packages = await this.#storage.packages.list();
    const folders = await this.#storage.listWorkspaces();
    const sizes = await Promise.all(folders.map((folder) => this.#storage.sizeOf(folder)));
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    return {
      tier: this.#storage.tier,
      workspacesBytes: sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0),
      packagesBytes: packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      packages: packages.length,
      usedBytes: usage,
      quotaBytes: quota,
    };
  }

  removeUnusedPackages(): Promise<void> {
    return this.#packages.removeUnneeded();
  }

  pythonPack(): Promise<PythonPackState> {
    return this.#python.state();
  }

  keepPythonPack(port: MessagePort, onProgress: (keptBytes: number, totalBytes: number) => void): Promise<void> {
    return this.#python.keep(port, onProgress);
  }

  cancelPythonPack(): void {
    this.#python.cancel();
  }

  removePythonPack(): Promise<void> {
    return this.#python.remove();
  }

  /** Returns the labels of the workspace origins, which only their own pages can clear. */
  async eraseEverything(): Promise<string[]> {
    const records = await this.#storage.catalog.all();
    const spares = await this.#storage.catalog.allSpares();
    for (const session of [...this.#sessions.keys()]) await this.close(session);
    await this.#storage.erase();
    if (this.#storage.tier !== 'memory') await this.#python.remove();
    for (const [key] of records) await this.#storage.catalog.remove(key);
    return [...records.map(([, { label }]) => label), ...spares.map(({ label }) => label)].filter((label) => label !== '');
  }

  async #noteSave(key: string, workspace: WorkspaceSession): Promise<void> {
    await this.#storage.catalog.change(key, { usedAtMs: Date.now(), sizeBytes: workspace.sizeBytes });
  }

  async #record(key: string): Promise<NonNullable<Awaited<ReturnType<Storage['catalog']['get']>>>> {
    const record = await this.#storage.catalog.get(key);
    if (record === undefined) throw new VerkletError('ERR_NO_SUCH_WORKSPACE', { key });
    return record;
  }

  #session(session: number): OpenSession {
    const open = this.#sessions.get(session);
    if (open === undefined) throw new VerkletError('ERR_DISPOSED');
    return open;
  }
}
