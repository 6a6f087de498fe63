// One open workspace: takes saves from the file service, gives its tree back, keeps its history. Runs in the store worker.
import {
  isVerkletError,
  VerkletError,
  type ErrorData,
  type RestoreSummary,
  type SavedEntry,
  type Snapshot,
  type SnapshotChange,
  type StoreEvent,
  type TreeBatch,
} from '#protocol';
import { changesBetween } from './compare.ts';
import type { Key } from './records.ts';
import { retained } from './retention.ts';
import { isFull } from './full.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { batchOf, treeBatches } from './tree-batches.ts';
import { walk, WorkspaceTree } from './workspace-tree.ts';

/** What is read before it is asked for lies in memory until it is. */
const MAX_AHEAD_BYTES = 128 * 1024 * 1024;
/** Below this a pack is left alone however much of it is dead. */
const COMPACT_FLOOR_BYTES = 8 * 1024 * 1024;

export type SendBatch = (batch: TreeBatch) => void;

interface ReadAhead {
  readonly read: TreeBatch[];
  readonly rest: Generator<TreeBatch>;
}

export class WorkspaceSession {
  readonly #store: SnapshotStore;
  readonly #report: (event: StoreEvent) => void;
  #tree: WorkspaceTree;
  /** What went wrong in a batch: the commit then fails as a whole. */
  #problem: unknown = null;
  #files = 0;
  #startedAtMs: number | null = null;
  #compactedAtBytes = 0;
  #ahead: ReadAhead | null = null;
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
    this.#ahead = null;
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

  /**
   * Reads the current tree while nobody asks for it yet: the runtime that will is still starting. A damaged record ends that;
   * {@link readAll} meets it again, and deals with it.
   */
  async readAhead(): Promise<void> {
    if (this.isNew) return;
    const ahead: ReadAhead = { read: [], rest: treeBatches(this.#store, walk(this.#tree.root)) };
    this.#ahead = ahead;
    try {
      for (let sizeBytes = 0; sizeBytes < MAX_AHEAD_BYTES && this.#ahead === ahead;) {
        const next = ahead.rest.next();
        if (next.done === true) return;
        ahead.read.push(next.value);
        sizeBytes += next.value.bytes.length;
        await turn();
      }
    } catch (error) {
      this.#ahead = null;
      if (!isVerkletError(error)) throw error;
    }
  }

  #takeAhead(): Iterable<TreeBatch> | null {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead === null) return null;
    return (function* () {
      yield* ahead.read;
      yield* ahead.rest;
    })();
  }

  /** Streams the whole current tree. Damage makes an older snapshot current and starts again. */
  readAll(send: SendBatch): RestoreSummary {
    for (;;) {
      try {
        return this.#send(this.#takeAhead() ?? treeBatches(this.#store, walk(this.#tree.root)), send);
      } catch (error) {
        const damaged = damagedKey(error);
        if (damaged === null) throw error;
        this.#store.fallBack(damaged);
        this.#tree = readHead(this.#store);
        this.isRecovered = true;
        const names = new Set([...this.#tree.root.children.keys(), 'workdir', 'home']);
        send(batchOf([...names].map((path) => ({ op: 'remove', path }))));
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
    send(batchOf(removed));
    const nodes = [...walk(target.root)].filter(([path]) => changed.has(path));
    return this.#send(treeBatches(this.#store, nodes), send);
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
    this.#ahead = null;
    if (sizeBytes < COMPACT_FLOOR_BYTES || sizeBytes < this.#compactedAtBytes * 1.5) return;
    const kept = retained(this.history(), Date.now()).map(({ id }) => id);
    if (this.#store.liveBytes(kept) * 2 < sizeBytes) await this.#store.compact(kept);
    this.#compactedAtBytes = this.#store.sizeBytes;
  }

  close(): void {
    this.#ahead = null;
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

  #send(batches: Iterable<TreeBatch>, send: SendBatch): RestoreSummary {
    let files = 0;
    let sizeBytes = 0;
    for (const batch of batches) {
      for (const { op, ...entry } of batch.entries) {
        if (op === 'file' || op === 'symlink') files++;
        if ('sizeBytes' in entry) sizeBytes += entry.sizeBytes;
      }
      send(batch);
    }
    return { files, sizeBytes, isRecovered: this.isRecovered };
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

/** Lets waiting messages come first. Timers would wait for milliseconds. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
