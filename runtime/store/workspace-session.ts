// One open workspace: takes saves from the file service, gives its tree back, keeps its history. Runs in the store worker.
import {
  VerkletError,
  type ErrorData,
  type RestoreSummary,
  type SavedEntry,
  type Snapshot,
  type SnapshotChange,
  type StoreEvent,
} from '#protocol';
import { changesBetween } from './compare.ts';
import type { Key } from './records.ts';
import { retained } from './retention.ts';
import { isFull } from './full.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { walk, WorkspaceTree, type FileNode } from './workspace-tree.ts';

/** Content that travels in one message: large enough to be cheap, small enough to overlap reading and writing. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ENTRIES = 4096;
/** Below this a pack is left alone however much of it is dead. */
const COMPACT_FLOOR_BYTES = 8 * 1024 * 1024;

export type SendBatch = (entries: readonly SavedEntry[], bytes: Uint8Array) => void;

export class WorkspaceSession {
  readonly #store: SnapshotStore;
  readonly #report: (event: StoreEvent) => void;
  #tree: WorkspaceTree;
  /** What went wrong in a batch: the commit then fails as a whole. */
  #problem: unknown = null;
  #files = 0;
  #startedAtMs: number | null = null;
  #compactedAtBytes = 0;
  isRecovered: boolean;

  constructor(store: SnapshotStore, report: (event: StoreEvent) => void) {
    this.#store = store;
    this.#report = report;
    this.#tree = readHead(store);
    this.isRecovered = store.outcome === 'recovered';
  }

  get isNew(): boolean {
    return this.#store.head === null;
  }

  get sizeBytes(): number {
    return this.#store.sizeBytes;
  }

  /** Integrities of the packages that any kept snapshot needs. */
  packages(): Set<string> {
    const found = new Set<string>();
    for (const { tree } of this.#store.history()) {
      for (const [, node] of walk(WorkspaceTree.read(this.#store, tree).root))
        if (node.kind === 'folder' && node.integrity !== null) found.add(node.integrity);
    }
    return found;
  }

  noteChanges(): void {
    this.#report({ type: 'unsaved' });
  }

  save(entries: readonly SavedEntry[], bytes: Uint8Array): void {
    this.#startedAtMs ??= performance.now();
    if (this.#problem !== null) return;
    try {
      let offset = 0;
      for (const entry of entries) {
        if (entry.op === 'file') {
          this.#tree.apply(entry, this.#store.putBlob(bytes.subarray(offset, offset + entry.sizeBytes)));
          offset += entry.sizeBytes;
        } else this.#tree.apply(entry, entry.op === 'symlink' ? this.#store.putBlob(new TextEncoder().encode(entry.target)) : null);
      }
      this.#files += entries.length;
    } catch (error) {
      this.#problem = error;
    }
  }

  /** Makes the commit of the save under way fail. */
  fail(problem: unknown): void {
    this.#problem ??= problem;
  }

  /** Tells the page about a commit that failed, and that nobody helped. */
  reportFailure(error: ErrorData): void {
    this.#report({ type: 'save-failed', error });
  }

  /** Rejects with `ERR_STORAGE_FULL` or what else went wrong; the state before is then current. */
  async commit(name: string | null): Promise<Snapshot | null> {
    const files = this.#files;
    const startedAtMs = this.#startedAtMs ?? performance.now();
    this.#files = 0;
    this.#startedAtMs = null;
    try {
      if (this.#problem !== null) throw this.#problem;
      const before = this.#store.committedBytes;
      const tree = this.#tree.write(this.#store);
      const current = this.#store.head === null ? null : this.#store.commitOf(this.#store.head);
      if (current?.tree === tree && name === null && this.#store.head !== null) {
        const snapshot = { id: this.#store.head, atMs: current.atMs, name: current.name };
        this.#report({ type: 'saved', snapshot, files, writtenBytes: 0, durationMs: performance.now() - startedAtMs });
        return snapshot;
      }
      const atMs = Date.now();
      const id = await this.#store.commit(tree, atMs, name);
      const snapshot = { id, atMs, name };
      const durationMs = performance.now() - startedAtMs;
      this.#report({ type: 'saved', snapshot, files, writtenBytes: this.#store.committedBytes - before, durationMs });
      return snapshot;
    } catch (error) {
      this.#problem = null;
      this.#store.rollBack();
      this.#tree = readHead(this.#store);
      const coded = isFull(error) ? new VerkletError('ERR_STORAGE_FULL', { what: 'the workspace' }, { cause: error }) : error;
      throw coded;
    }
  }

  /** Streams the whole current tree. Damage makes an older snapshot current and starts again. */
  readAll(send: SendBatch): RestoreSummary {
    for (;;) {
      try {
        return this.#stream([...walk(this.#tree.root)], send);
      } catch (error) {
        const damaged = damagedKey(error);
        if (damaged === null) throw error;
        this.#store.fallBack(damaged);
        this.#tree = readHead(this.#store);
        this.isRecovered = true;
        send(
          [...new Set([...this.#tree.root.children.keys(), 'workdir', 'home'])].map((path) => ({ op: 'remove', path })),
          new Uint8Array(),
        );
      }
    }
  }

  /** Streams what turns the current tree into that of a snapshot. */
  readSnapshot(id: string, send: SendBatch): RestoreSummary {
    const target = WorkspaceTree.read(this.#store, this.#treeOf(id));
    const removed: SavedEntry[] = [];
    const changed = new Set<string>();
    for (const { path, change } of changesBetween(this.#tree.root, target.root)) {
      if (change === 'removed') removed.push({ op: 'remove', path });
      else changed.add(path);
    }
    send(removed, new Uint8Array());
    return this.#stream(
      [...walk(target.root)].filter(([path]) => changed.has(path)),
      send,
    );
  }

  history(): Snapshot[] {
    return this.#store.history().map(({ key, atMs, name }) => ({ id: key, atMs, name }));
  }

  diff(from: string, to: string): SnapshotChange[] {
    const [before, after] = [from, to].map((id) => WorkspaceTree.read(this.#store, this.#treeOf(id)).root);
    if (!before || !after) return [];
    return changesBetween(before, after).map(({ path, change }) => ({ path: `/${path}`, change }));
  }

  /** Null where the snapshot has no such file. */
  readFile(id: string, path: string): Uint8Array | null {
    for (const [name, node] of walk(WorkspaceTree.read(this.#store, this.#treeOf(id)).root))
      if (`/${name}` === path && node.kind === 'file') return this.#store.blob(node.key);
    return null;
  }

  /** Copies a snapshot and what it needs into another, empty store. */
  async copyTo(other: SnapshotStore, id: string): Promise<void> {
    const commit = this.#commitOf(id);
    const source = WorkspaceTree.read(this.#store, commit.tree);
    const copy = new WorkspaceTree();
    for (const [path, node] of walk(source.root)) {
      if (node.kind !== 'folder') {
        const entry: SavedEntry =
          node.kind === 'file' ? { ...node, op: 'file', path, sizeBytes: 0 } : { ...node, op: 'symlink', path, target: '' };
        copy.apply(entry, other.putBlob(this.#store.blob(node.key)));
      } else if (node.integrity === null) copy.apply({ ...node, op: 'folder', path }, null);
      else copy.apply({ ...node, op: 'package', path, integrity: node.integrity }, null);
    }
    await other.commit(copy.write(other), Date.now(), null);
  }

  /** Frees what no kept snapshot needs, when that is worth it: old automatic snapshots are thinned out. */
  async compact(): Promise<void> {
    const { sizeBytes } = this.#store;
    if (sizeBytes < COMPACT_FLOOR_BYTES || sizeBytes < this.#compactedAtBytes * 1.5) return;
    const kept = retained(this.history(), Date.now()).map(({ id }) => id);
    if (this.#store.liveBytes(kept) * 2 < sizeBytes) await this.#store.compact(kept);
    this.#compactedAtBytes = this.#store.sizeBytes;
  }

  close(): void {
    this.#store.close();
  }

  #commitOf(id: string): { tree: Key } {
    const commit = this.#store.commitOf(id);
    if (commit === null) throw new VerkletError('ERR_NO_SUCH_SNAPSHOT', { id });
    return commit;
  }

  #treeOf(id: string): Key {
    return this.#commitOf(id).tree;
  }

  /** Folders and packages first, then files in the order of the pack. */
  #stream(nodes: readonly (readonly [path: string, node: WorkspaceNode])[], send: SendBatch): RestoreSummary {
    const batch = new Batch(send);
    const byKey = new Map<Key, { path: string; node: FileNode }[]>();
    let files = 0;
    let sizeBytes = 0;
    for (const [path, node] of nodes) {
      if (node.kind !== 'folder') {
        const sharing = byKey.get(node.key);
        if (sharing) sharing.push({ path, node });
        else byKey.set(node.key, [{ path, node }]);
      } else if (node.integrity === null) batch.add({ op: 'folder', path, mode: node.mode & 0o7777, mtimeMs: node.mtimeMs });
      else batch.add({ op: 'package', path, mode: node.mode & 0o7777, mtimeMs: node.mtimeMs, integrity: node.integrity });
    }
    this.#store.sweep(byKey.keys(), (key, bytes) => {
      for (const { path, node } of byKey.get(key) ?? []) {
        files++;
        sizeBytes += bytes.length;
        const { mtimeMs, mode } = node;
        if (node.kind === 'symlink') batch.add({ op: 'symlink', path, mtimeMs, target: new TextDecoder().decode(bytes) });
        else batch.add({ op: 'file', path, mode: mode & 0o7777, mtimeMs, sizeBytes: bytes.length }, bytes);
      }
    });
    batch.flush();
    return { files, sizeBytes, isRecovered: this.isRecovered };
  }
}

type WorkspaceNode = ReturnType<typeof walk> extends Generator<readonly [string, infer Node]> ? Node : never;

/** Gathers entries and their content for one message. */
class Batch {
  readonly #send: SendBatch;
  #entries: SavedEntry[] = [];
  #bytes = new Uint8Array(BATCH_BYTES);
  #used = 0;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  add(entry: SavedEntry, content?: Uint8Array): void {
    const size = content?.length ?? 0;
    if (this.#used + size > this.#bytes.length || this.#entries.length >= BATCH_ENTRIES) this.flush();
    if (size > this.#bytes.length) this.#bytes = new Uint8Array(size);
    if (content) this.#bytes.set(content, this.#used);
    this.#used += size;
    this.#entries.push(entry);
  }

  flush(): void {
    if (this.#entries.length === 0) return;
    this.#send(this.#entries, this.#used === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#used));
    this.#entries = [];
    this.#bytes = new Uint8Array(BATCH_BYTES);
    this.#used = 0;
  }
}

function readHead(store: SnapshotStore): WorkspaceTree {
  const commit = store.head === null ? null : store.commitOf(store.head);
  return commit === null ? new WorkspaceTree() : WorkspaceTree.read(store, commit.tree);
}

function damagedKey(error: unknown): Key | null {
  const expected = error instanceof VerkletError && error.code === 'ERR_INTEGRITY' ? error.details['expected'] : null;
  return typeof expected === 'string' ? expected : null;
}
