// Content-addressed records of one owner after another: verified when they come in, kept as packs in the object store.
import { createBLAKE3, type IHasher } from 'hash-wasm';
import { createHash, randomUUID } from 'node:crypto';
import {
  decodeTree,
  encodeTree,
  isFolderMode,
  recordTypes,
  VerkletError,
  type PackedRecord,
  type RecordType,
  type TreeEntry,
} from '#protocol';
import type { ObjectStore, RecordPlace, Registry } from './registry.ts';

/** Neighbours in a pack are read in one go: what was written together is wanted together. */
const MAX_GAP_BYTES = 256 * 1024;

export interface NewRecord {
  readonly type: RecordType;
  readonly payload: Uint8Array;
}

export class RecordStore {
  readonly registry: Registry;
  readonly #objects: ObjectStore;
  readonly #hasher: IHasher;
  readonly #maxBytesPerOwner: number;

  private constructor(registry: Registry, objects: ObjectStore, hasher: IHasher, maxBytesPerOwner: number) {
    this.registry = registry;
    this.#objects = objects;
    this.#hasher = hasher;
    this.#maxBytesPerOwner = maxBytesPerOwner;
  }

  static async create(registry: Registry, objects: ObjectStore, maxBytesPerOwner: number): Promise<RecordStore> {
    return new RecordStore(registry, objects, await createBLAKE3(), maxBytesPerOwner);
  }

  keyOf({ type, payload }: NewRecord): string {
    return this.#hasher
      .init()
      .update(Uint8Array.of(recordTypes.indexOf(type)))
      .update(payload)
      .digest('hex');
  }

  async missing(owner: string, keys: readonly string[]): Promise<string[]> {
    const known = await this.registry.knownRecords(owner, keys);
    return keys.filter((key) => !known.has(key));
  }

  /** Stores what came from outside. Throws `ERR_INTEGRITY` when a key is not its content's: then nothing is stored. */
  async putVerified(owner: string, records: readonly PackedRecord[]): Promise<void> {
    for (const record of records) {
      if (this.keyOf(record) !== record.key) throw new VerkletError('ERR_INTEGRITY', { name: 'a record', expected: record.key });
      if (record.type === 'tree' && decodeTree(record.payload) === null) {
        throw new VerkletError('ERR_BAD_ARCHIVE', { name: record.key, reason: 'a folder with names that no folder can have' });
      }
    }
    await this.#store(owner, records);
  }

  /** Stores and returns the keys, in order. */
  async put(owner: string, records: readonly NewRecord[]): Promise<string[]> {
    const packed = records.map((record) => ({ ...record, key: this.keyOf(record) }));
    await this.#store(owner, packed);
    return packed.map(({ key }) => key);
  }

  /** In the order of the keys. Throws `ERR_INTEGRITY` when one is missing. */
  async read(owner: string, keys: readonly string[]): Promise<Uint8Array[]> {
    const found = new Map<string, Uint8Array>();
    const byPack = Map.groupBy(await this.registry.findRecords(owner, [...new Set(keys)]), ({ pack }) => pack);
    for (const [pack, places] of byPack) {
      for (const run of runs(places)) {
        const start = run[0]?.offset ?? 0;
        const end = Math.max(...run.map(({ offset, sizeBytes }) => offset + sizeBytes));
        const bytes = end > start ? await this.#objects.read(pack, start, end - start) : new Uint8Array(0);
        for (const { key, offset, sizeBytes } of run) found.set(key, bytes.subarray(offset - start, offset - start + sizeBytes));
      }
    }
    return keys.map((key) => {
      const bytes = found.get(key);
      if (!bytes) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored record', expected: key });
      return bytes;
    });
  }

  async readTree(owner: string, key: string): Promise<TreeEntry[]> {
    const [bytes] = await this.read(owner, [key]);
    const entries = decodeTree(bytes as Uint8Array);
    if (entries === null) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored folder', expected: key });
    return entries;
  }

  async putTree(owner: string, entries: readonly TreeEntry[]): Promise<string> {
    const [key] = await this.put(owner, [{ type: 'tree', payload: encodeTree(entries) }]);
    return key as string;
  }

  /** Throws `ERR_INTEGRITY` unless everything below `root` is there. Folders of `trusted` were checked before. */
  async checkComplete(owner: string, root: string, trusted: ReadonlySet<string>): Promise<void> {
    if (trusted.has(root)) return;
    const entries = await this.readTree(owner, root);
    const blobs = entries.filter(({ mode }) => !isFolderMode(mode)).map(({ key }) => key);
    const [gone] = await this.missing(owner, blobs);
    if (gone !== undefined) throw new VerkletError('ERR_INTEGRITY', { name: 'a record of the snapshot', expected: gone });
    for (const { mode, key } of entries) if (isFolderMode(mode)) await this.checkComplete(owner, key, trusted);
  }

  async #store(owner: string, records: readonly PackedRecord[]): Promise<void> {
    const known = await this.registry.knownRecords(
      owner,
      records.map(({ key }) => key),
    );
    const fresh = records.filter(({ key }) => !known.has(key));
    if (fresh.length === 0) return;
    const sizeBytes = fresh.reduce((sum, { payload }) => sum + payload.length, 0);
    if ((await this.registry.storedBytes(owner)) + sizeBytes > this.#maxBytesPerOwner) {
      throw new VerkletError('ERR_QUOTA', { limit: Math.round(this.#maxBytesPerOwner / 1024 ** 2), what: 'MB of stored files' });
    }
    const pack = `${ownerFolder(owner)}/${randomUUID()}`;
    const bytes = new Uint8Array(sizeBytes);
    const places: RecordPlace[] = [];
    let offset = 0;
    for (const { key, payload } of fresh) {
      bytes.set(payload, offset);
      places.push({ key, pack, offset, sizeBytes: payload.length });
      offset += payload.length;
    }
    await this.#objects.put(pack, bytes);
    await this.registry.addRecords(owner, places);
  }
}

/** Owners are names from outside: hashed, they are safe folder names. */
function ownerFolder(owner: string): string {
  return createHash('sha256').update(owner).digest('hex').slice(0, 32);
}

function runs(places: readonly RecordPlace[]): RecordPlace[][] {
  const result: RecordPlace[][] = [];
  let end = -Infinity;
  for (const place of [...places].sort((a, b) => a.offset - b.offset)) {
    if (place.offset - end > MAX_GAP_BYTES) result.push([]);
    result.at(-1)?.push(place);
    end = place.offset + place.sizeBytes;
  }
  return result;
}
