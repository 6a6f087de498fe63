// A workspace's history: commits over trees over blobs in a pack, with an atomic head. Runs in the store worker.
import { VerkletError } from '#protocol';
import type { BlockFolder } from './block-file.ts';
import { HeadFile, STORE_FORMAT, type Head } from './head.ts';
import { Pack } from './pack.ts';
import { RecordCodec, type Key } from './records.ts';
import { decodeCommit, decodeTree, encodeCommit, encodeTree, type Commit, type TreeEntry } from './trees.ts';

/** What opening found: `recovered` means the newest state was damaged and an older commit is current. */
export type OpenOutcome = 'new' | 'clean' | 'recovered';

export interface HistoryEntry extends Commit {
  readonly key: Key;
}

export class SnapshotStore {
  readonly outcome: OpenOutcome;
  readonly #folder: BlockFolder;
  readonly #codec: RecordCodec;
  readonly #heads: HeadFile;
  #pack: Pack;
  #head: Head;

  private constructor(folder: BlockFolder, codec: RecordCodec, heads: HeadFile, pack: Pack, head: Head, outcome: OpenOutcome) {
    this.#folder = folder;
    this.#codec = codec;
    this.#heads = heads;
    this.#pack = pack;
    this.#head = head;
    this.outcome = outcome;
  }

  /** Opens at the newest commit that is whole. Never fails over damage; throws on a store of a newer format. */
  static async open(folder: BlockFolder): Promise<SnapshotStore> {
    const codec = await RecordCodec.create();
    const heads = await HeadFile.open(await folder.open('head'));
    const candidates = heads.readAll();
    const newer = candidates.find((head) => head.format > STORE_FORMAT);
    if (newer) throw new VerkletError('ERR_PROTOCOL_VERSION', { ours: STORE_FORMAT, theirs: newer.format });
    for (const head of candidates) {
      const pack = Pack.open(await folder.open(packName(head.generation)), codec, head.committedBytes);
      const whole = newestWhole(pack, head.commit);
      if (whole !== null || head.commit === null) {
        const isNewest = head === candidates[0] && whole === head.commit;
        return new SnapshotStore(folder, codec, heads, pack, { ...head, commit: whole }, isNewest ? 'clean' : 'recovered');
      }
      pack.close();
    }
    const fresh: Head = { format: STORE_FORMAT, generation: nextGeneration(candidates), committedBytes: 0, commit: null };
    const pack = Pack.open(await folder.open(packName(fresh.generation)), codec, 0);
    return new SnapshotStore(folder, codec, heads, pack, fresh, candidates.length === 0 ? 'new' : 'recovered');
  }

  get head(): Key | null {
    return this.#head.commit;
  }

  get sizeBytes(): number {
    return this.#pack.sizeBytes;
  }

  has(key: Key): boolean {
    return this.#pack.has(key);
  }

  putBlob(bytes: Uint8Array): Key {
    return this.#pack.put('blob', bytes);
  }

  putTree(entries: readonly TreeEntry[]): Key {
    return this.#pack.put('tree', encodeTree(entries));
  }

  /** Throws `ERR_INTEGRITY` for a missing or damaged record. */
  blob(key: Key): Uint8Array {
    return this.#need(key);
  }

  tree(key: Key): TreeEntry[] {
    return decodeTree(this.#need(key));
  }

  /** Makes everything put so far durable under a new commit. When the device is full, the state before stays current. */
  commit(tree: Key, atMs: number, name: string | null = null): Key {
    const before = this.#head.committedBytes;
    try {
      const key = this.#pack.put('commit', encodeCommit({ tree, parent: this.#head.commit, atMs, name }));
      this.#pack.flush();
      const head = { ...this.#head, committedBytes: this.#pack.sizeBytes, commit: key };
      this.#heads.write(head);
      this.#head = head;
      return key;
    } catch (error) {
      this.#pack.rollBack(before);
      throw error;
    }
  }

  /** Newest first; stops at a commit that compaction dropped. */
  history(): HistoryEntry[] {
    const entries: HistoryEntry[] = [];
    for (let key = this.#head.commit; key !== null && this.#pack.has(key);) {
      const commit = decodeCommit(this.#need(key));
      entries.push({ key, ...commit });
      key = commit.parent;
    }
    return entries;
  }

  /** Moves what `kept` commits reach into a new pack, makes it current, and deletes the old one. */
  async compact(kept: readonly Key[]): Promise<void> {
    if (this.#head.commit === null) return;
    const generation = this.#head.generation + 1;
    const file = await this.#folder.open(packName(generation));
    file.truncate(0);
    const next = Pack.open(file, this.#codec, 0);
    const commits = new Set([...kept, this.#head.commit]);
    for (const entry of this.history().toReversed()) if (commits.has(entry.key)) copyCommit(this.#pack, next, entry.key, entry.tree);
    next.flush();
    const head = { ...this.#head, generation, committedBytes: next.sizeBytes };
    this.#heads.write(head);
    const old = this.#head.generation;
    this.#pack.close();
    this.#pack = next;
    this.#head = head;
    await this.#folder.remove(packName(old));
  }

  close(): void {
    this.#pack.close();
    this.#heads.close();
  }

  #need(key: Key): Uint8Array {
    const bytes = this.#pack.get(key);
    if (bytes === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored record', expected: key });
    return bytes;
  }
}

function packName(generation: number): string {
  return `pack-${generation}`;
}

function nextGeneration(heads: readonly Head[]): number {
  return heads.reduce((highest, head) => Math.max(highest, head.generation), 0) + 1;
}

/** The newest commit from `start` back whose trees and blobs are all there and intact in form; null when none is. */
function newestWhole(pack: Pack, start: Key | null): Key | null {
  const checked = new Set<Key>();
  for (let key = start; key !== null;) {
    const commit = readCommit(pack, key);
    if (!commit) return null;
    if (isWholeTree(pack, commit.tree, checked)) return key;
    key = commit.parent;
  }
  return null;
}

function readCommit(pack: Pack, key: Key): Commit | null {
  try {
    const bytes = pack.get(key);
    return bytes === null ? null : decodeCommit(bytes);
  } catch (error) {
    if (error instanceof VerkletError) return null; // damaged: the caller falls back to an older commit
    throw error;
  }
}

/** Trees are read and checked; blobs only have to be present: their checksum is verified when they are read. */
function isWholeTree(pack: Pack, key: Key, checked: Set<Key>): boolean {
  if (checked.has(key)) return true;
  let entries: TreeEntry[];
  try {
    const bytes = pack.get(key);
    if (bytes === null) return false;
    entries = decodeTree(bytes);
  } catch (error) {
    if (error instanceof VerkletError) return false; // damaged, as above
    throw error;
  }
  const isWhole = entries.every((entry) => (isFolder(entry.mode) ? isWholeTree(pack, entry.key, checked) : pack.has(entry.key)));
  if (isWhole) checked.add(key);
  return isWhole;
}

function copyCommit(from: Pack, to: Pack, commit: Key, tree: Key): void {
  copyTree(from, to, tree);
  copyRecord(from, to, commit);
}

function copyTree(from: Pack, to: Pack, key: Key): void {
  if (to.has(key)) return;
  const bytes = from.get(key);
  if (bytes === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored tree', expected: key });
  for (const entry of decodeTree(bytes)) {
    if (isFolder(entry.mode)) copyTree(from, to, entry.key);
    else copyRecord(from, to, entry.key);
  }
  to.put('tree', bytes);
}

function copyRecord(from: Pack, to: Pack, key: Key): void {
  const bytes = from.get(key);
  const type = from.typeOf(key);
  if (bytes === null || type === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored record', expected: key });
  to.put(type, bytes);
}

export function isFolder(mode: number): boolean {
  return (mode & 0o170000) === 0o040000;
}
