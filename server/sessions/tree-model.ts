// A session's tree as it is changed: folders are read when they are needed and written when they changed.
import { encodeTree, isFolderMode, isSymlinkMode, S_IFDIR, S_IFLNK, S_IFREG, type FileEntry, type TreeEntry } from '#protocol';
import type { NewRecord, RecordStore } from '../state/record-store.ts';

interface FileNode {
  readonly mode: number;
  readonly mtimeMs: number;
  readonly key: string;
}
interface FolderNode {
  mode: number;
  mtimeMs: number;
  /** Null when something below changed since it was written. */
  key: string | null;
  /** Null until it is read. */
  children: Map<string, FileNode | FolderNode> | null;
}

const isFolder = (node: FileNode | FolderNode): node is FolderNode => 'children' in node;

export class TreeModel {
  readonly #store: RecordStore;
  readonly #owner: string;
  readonly #root: FolderNode;

  constructor(store: RecordStore, owner: string, root: string | null) {
    this.#store = store;
    this.#owner = owner;
    this.#root = { mode: S_IFDIR | 0o755, mtimeMs: 0, key: root, children: root === null ? new Map() : null };
  }

  /** Places entries of the box; `contents` are the bytes of its files, in order. Returns the blobs to store. */
  async apply(entries: readonly FileEntry[], contents: readonly Uint8Array[]): Promise<NewRecord[]> {
    const blobs: NewRecord[] = [];
    let next = 0;
    for (const entry of entries) {
      const names = entry.path.split('/');
      const name = names.pop() ?? '';
      const parent = await this.#open(names);
      const children = await this.#childrenOf(parent);
      switch (entry.kind) {
        case 'removed':
          children.delete(name);
          break;
        case 'folder': {
          const existing = children.get(name);
          const kept = existing && isFolder(existing) ? existing : null;
          children.set(name, {
            mode: S_IFDIR | entry.mode,
            mtimeMs: 0,
            key: kept?.key ?? null,
            children: kept ? kept.children : new Map(),
          });
          break;
        }
        case 'symlink':
          children.set(name, this.#blob(blobs, new TextEncoder().encode(entry.target), S_IFLNK | 0o777, 0));
          break;
        case 'file':
          children.set(
            name,
            this.#blob(blobs, contents[next++] ?? new Uint8Array(0), S_IFREG | (entry.mode & 0o777), Math.round(entry.mtimeMs)),
          );
          break;
        default:
          entry satisfies never;
      }
    }
    return blobs;
  }

  /** The root's key and the trees that are new. */
  write(): { root: string; trees: NewRecord[] } {
    const trees: NewRecord[] = [];
    const root = this.#write(this.#root, trees);
    return { root, trees };
  }

  #blob(blobs: NewRecord[], payload: Uint8Array, mode: number, mtimeMs: number): FileNode {
    const record: NewRecord = { type: 'blob', payload };
    blobs.push(record);
    return { mode, mtimeMs, key: this.#store.keyOf(record) };
  }

  #write(folder: FolderNode, trees: NewRecord[]): string {
    if (folder.key !== null) return folder.key;
    const entries: TreeEntry[] = [...(folder.children ?? [])].map(([name, node]) =>
      isFolder(node)
        ? { name, mode: node.mode, mtimeMs: node.mtimeMs, key: this.#write(node, trees) }
        : { name, mode: node.mode, mtimeMs: node.mtimeMs, key: node.key },
    );
    const record: NewRecord = { type: 'tree', payload: encodeTree(entries) };
    trees.push(record);
    folder.key = this.#store.keyOf(record);
    return folder.key;
  }

  /** The folder at these names, made where it is missing; everything on the way counts as changed. */
  async #open(names: readonly string[]): Promise<FolderNode> {
    let folder = this.#root;
    folder.key = (await this.#childrenOf(folder), null);
    for (const name of names) {
      const children = await this.#childrenOf(folder);
      const existing = children.get(name);
      const next: FolderNode =
        existing && isFolder(existing) ? existing : { mode: S_IFDIR | 0o755, mtimeMs: 0, key: null, children: new Map() };
      await this.#childrenOf(next);
      next.key = null;
      children.set(name, next);
      folder = next;
    }
    return folder;
  }

  async #childrenOf(folder: FolderNode): Promise<Map<string, FileNode | FolderNode>> {
    if (folder.children) return folder.children;
    const entries = await this.#store.readTree(this.#owner, folder.key as string);
    folder.children = new Map(
      entries.map(({ name, mode, mtimeMs, key }) => [
        name,
        isFolderMode(mode) ? { mode, mtimeMs, key, children: null } : { mode, mtimeMs, key },
      ]),
    );
    return folder.children;
  }
}

export interface TreeChange {
  readonly entry: FileEntry;
  /** Of a file's blob. */
  readonly key: string | null;
}

/** What turns one tree into another, folders before what is in them. Equal keys are not looked into. */
export async function diffTrees(store: RecordStore, owner: string, from: string | null, to: string, prefix = ''): Promise<TreeChange[]> {
  if (from === to) return [];
  const before = new Map((from === null ? [] : await store.readTree(owner, from)).map((entry) => [entry.name, entry]));
  const after = await store.readTree(owner, to);
  const changes: TreeChange[] = [];
  const names = new Set(after.map(({ name }) => name));
  for (const [name, entry] of before)
    if (!names.has(name)) changes.push({ entry: { kind: 'removed', path: prefix + entry.name }, key: null });
  for (const entry of after) {
    const old = before.get(entry.name);
    const path = prefix + entry.name;
    if (old && old.key === entry.key && old.mode === entry.mode) continue;
    const mode = entry.mode & 0o777;
    if (isFolderMode(entry.mode)) {
      const wasFolder = old !== undefined && isFolderMode(old.mode);
      if (!wasFolder || old.mode !== entry.mode) changes.push({ entry: { kind: 'folder', path, mode, mtimeMs: entry.mtimeMs }, key: null });
      changes.push(...(await diffTrees(store, owner, wasFolder ? old.key : null, entry.key, `${path}/`)));
    } else if (isSymlinkMode(entry.mode)) {
      const [target] = await store.read(owner, [entry.key]);
      changes.push({ entry: { kind: 'symlink', path, target: new TextDecoder().decode(target), mtimeMs: entry.mtimeMs }, key: null });
    } else changes.push({ entry: { kind: 'file', path, mode, mtimeMs: entry.mtimeMs, sizeBytes: -1 }, key: entry.key });
  }
  return changes;
}
