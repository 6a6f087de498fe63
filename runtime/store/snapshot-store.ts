// A workspace's history: commits over trees over blobs in a pack, with an atomic head. Runs in the store worker.
import { encodeTree, isFolderMode, VerkletError, type TreeEntry } from '#protocol';
import type { BlockFolder } from './block-file.ts';
import { HeadFile, STORE_FORMAT, type Head } from './head.ts';
import { Pack, type PackWindow } from './pack.ts';
import { RecordCodec, type Key } from './records.ts';
import {
  decodeCommit,
  decodePackage,
  decodeTree,
  encodeCommit,
  encodePackage,
  isPackage,
  type Commit,
  type PackageReference,
} from './trees.ts';

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

  /**
   * Opens at the newest commit that is whole. Never fails over damage; rejects with `ERR_PROTOCOL_VERSION` for a store of a
   * newer format, and then leaves nothing open and has changed nothing.
   */
  static async open(folder: BlockFolder): Promise<SnapshotStore> {
    const codec = await RecordCodec.create();
    const heads = await HeadFile.open(await folder.open('head'));
    try {
      return await SnapshotStore.#openAt(folder, codec, heads);
    } catch (error) {
      heads.close();
      throw error;
    }
  }

  static async #openAt(folder: BlockFolder, codec: RecordCodec, heads: HeadFile): Promise<SnapshotStore> {
    const candidates = heads.readAll();
    const newer = candidates.find((head) => head.format > STORE_FORMAT);
    if (newer) throw new VerkletError('ERR_PROTOCOL_VERSION', { ours: STORE_FORMAT, theirs: newer.format });
    for (const head of candidates) {
      const { generation, committedBytes, indexOffset } = head;
      const pack = Pack.open(await folder.open(packName(generation)), codec, committedBytes, indexOffset);
      const whole = newestWhole(pack, head.commit);
      if (whole !== null || head.commit === null) {
        const isNewest = head === candidates[0] && whole === head.commit;
        if (isNewest) await removeOtherPacks(folder, generation);
        return new SnapshotStore(folder, codec, heads, pack, { ...head, commit: whole }, isNewest ? 'clean' : 'recovered');
      }
      pack.close();
    }
    return SnapshotStore.#openWithoutHead(folder, codec, heads);
  }

  /** No head speaks of anything whole: what the packs still have counts, the newest pack first. Nothing there is overwritten. */
  static async #openWithoutHead(folder: BlockFolder, codec: RecordCodec, heads: HeadFile): Promise<SnapshotStore> {
    const generations = (await folder.list()).flatMap((name) => generationOf(name) ?? []).toSorted((a, b) => b - a);
    const head = { format: STORE_FORMAT, committedBytes: 0, commit: null, indexOffset: null };
    for (const generation of generations) {
      const pack = Pack.recover(await folder.open(packName(generation)), codec);
      const commit = newestWhole(pack, null);
      if (commit !== null) {
        const recovered = { ...head, generation, committedBytes: pack.sizeBytes, commit };
        return new SnapshotStore(folder, codec, heads, pack, recovered, 'recovered');
      }
      pack.close();
    }
    const generation = (generations[0] ?? 0) + 1;
    const pack = Pack.open(await folder.open(packName(generation)), codec, 0);
    return new SnapshotStore(folder, codec, heads, pack, { ...head, generation }, generation === 1 ? 'new' : 'recovered');
  }

  get head(): Key | null {
    return this.#head.commit;
  }

  get committedBytes(): number {
    return this.#head.committedBytes;
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

  putPackage(reference: PackageReference): Key {
    return this.#pack.put('package', encodePackage(reference));
  }

  /** Throws `ERR_INTEGRITY` for a missing or damaged record. */
  blob(key: Key): Uint8Array {
    return this.#need(key);
  }

  tree(key: Key): TreeEntry[] {
    return decodeTree(this.#need(key));
  }

  package(key: Key): PackageReference {
    return decodePackage(this.#need(key));
  }

  /** Many blobs by large reads, in the order of the file. Throws as {@link blob}. */
  windows(keys: Iterable<Key>): Generator<PackWindow> {
    return this.#pack.windows(keys);
  }

  commitOf(key: Key): Commit | null {
    return this.#pack.typeOf(key) === 'commit' ? decodeCommit(this.#need(key)) : null;
  }

  /** Makes everything put so far durable under a new commit. When the device is full, the state before stays current. */
  async commit(tree: Key, atMs: number, name: string | null = null): Promise<Key> {
    try {
      const key = this.#pack.put('commit', encodeCommit({ tree, parent: this.#head.commit, atMs, name }));
      this.#pack.writeIndex();
      await this.#pack.flush();
      const { sizeBytes, indexOffset } = this.#pack;
      const head = { ...this.#head, format: STORE_FORMAT, committedBytes: sizeBytes, commit: key, indexOffset };
      await this.#heads.write(head);
      this.#head = head;
      return key;
    } catch (error) {
      this.rollBack();
      throw error;
    }
  }

  /** Forgets what was put since the last commit. */
  rollBack(): void {
    this.#pack.rollBack(this.#head.committedBytes);
  }

  /** After `ERR_INTEGRITY` for a record: makes the newest commit current that does not need it. */
  fallBack(damaged: Key): void {
    this.#pack.forget(damaged);
    this.#head = { ...this.#head, commit: newestWhole(this.#pack, this.#head.commit) };
  }

  /** All commits that are kept, newest first. */
  history(): HistoryEntry[] {
    return this.#pack.newest('commit').map((key) => ({ key, ...decodeCommit(this.#need(key)) }));
  }

  /** Bytes of the records that the given commits reach. */
  liveBytes(commits: readonly Key[]): number {
    let sizeBytes = 0;
    for (const key of reachable(this.#pack, commits)) sizeBytes += this.#pack.sizeOf(key);
    return sizeBytes;
  }

  /** Moves what `kept` commits reach into a new pack, makes it current, and deletes the old one. */
  async compact(kept: readonly Key[]): Promise<void> {
    if (this.#head.commit === null) return;
    const generation = this.#head.generation + 1;
    const file = await this.#folder.open(packName(generation));
    file.truncate(0);
    const next = Pack.open(file, this.#codec, 0);
    const live = reachable(this.#pack, [...kept, this.#head.commit]);
    for (const { bytes, records } of this.#pack.windows(live))
      for (const { key, start, length } of records) next.put(this.#pack.typeOf(key) ?? 'blob', bytes.subarray(start, start + length));
    next.writeIndex(true);
    await next.flush();
    const { sizeBytes, indexOffset } = next;
    const head = { ...this.#head, format: STORE_FORMAT, generation, committedBytes: sizeBytes, indexOffset };
    await this.#heads.write(head);
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
    return need(this.#pack, key);
  }
}

function packName(generation: number): string {
  return `pack-${generation}`;
}

function generationOf(name: string): number | null {
  const [, digits] = /^pack-(\d+)$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** What a compaction left that was ended halfway. */
async function removeOtherPacks(folder: BlockFolder, current: number): Promise<void> {
  for (const name of await folder.list()) if (generationOf(name) !== null && generationOf(name) !== current) await folder.remove(name);
}

/** The newest commit from `start` back whose trees are whole and whose blobs are all there; null when none is. */
function newestWhole(pack: Pack, start: Key | null): Key | null {
  const checked = new Set<Key>();
  const commits = pack.newest('commit');
  for (const key of start !== null && pack.has(start) ? commits.slice(commits.indexOf(start)) : commits) {
    const commit = readCommit(pack, key);
    if (commit !== null && isWholeTree(pack, commit.tree, checked)) return key;
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
  const isWhole = entries.every((entry) => {
    if (isFolderMode(entry.mode)) return isWholeTree(pack, entry.key, checked);
    return isPackage(entry.mode) ? isWholePackage(pack, entry.key, checked) : pack.has(entry.key);
  });
  if (isWhole) checked.add(key);
  return isWhole;
}

function isWholePackage(pack: Pack, key: Key, checked: Set<Key>): boolean {
  try {
    const bytes = pack.get(key);
    if (bytes === null) return false;
    const { overlay } = decodePackage(bytes);
    return overlay === null || isWholeTree(pack, overlay, checked);
  } catch (error) {
    if (error instanceof VerkletError) return false; // damaged, as above
    throw error;
  }
}

/** Every record that the commits need. Throws `ERR_INTEGRITY` rather than leave one out. */
function reachable(pack: Pack, commits: readonly Key[]): Set<Key> {
  const found = new Set<Key>();
  const visitTree = (key: Key): void => {
    if (found.has(key)) return;
    found.add(key);
    for (const entry of decodeTree(need(pack, key))) {
      if (isFolderMode(entry.mode)) visitTree(entry.key);
      else if (isPackage(entry.mode)) visitPackage(entry.key);
      else found.add(entry.key);
    }
  };
  const visitPackage = (key: Key): void => {
    found.add(key);
    const { overlay } = decodePackage(need(pack, key));
    if (overlay !== null) visitTree(overlay);
  };
  for (const key of commits) {
    found.add(key);
    visitTree(decodeCommit(need(pack, key)).tree);
  }
  return found;
}

function need(pack: Pack, key: Key): Uint8Array {
  const bytes = pack.get(key);
  if (bytes === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored record', expected: key });
  return bytes;
}
