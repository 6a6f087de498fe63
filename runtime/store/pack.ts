// One append-only pack file and its index in memory. Runs in the store worker.
import { VerkletError } from '#protocol';
import type { BlockFile } from './block-file.ts';
import { decodeIndex, encodeIndex, type Location } from './pack-index.ts';
import { HEADER_BYTES, type Key, type RecordCodec, type RecordType } from './records.ts';

/** Writes are gathered to this size: one write per file costs six times as much as one per megabyte. */
const BUFFER_BYTES = 1024 * 1024;
const SCAN_BYTES = 4 * 1024 * 1024;
/** Bytes behind the last index record from which on another is worth it: reading as much takes a few milliseconds. */
const INDEX_EVERY_BYTES = 4 * 1024 * 1024;

/** A stretch of the pack with the records that were asked for; every one is intact. */
export interface PackWindow {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `start` and `length` are those of the payload, in `bytes`. */
  readonly records: readonly { readonly key: Key; readonly start: number; readonly length: number }[];
}

export class Pack {
  readonly #file: BlockFile;
  readonly #codec: RecordCodec;
  readonly #index = new Map<Key, Location>();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #end: number;
  /** The last index record, and up to where it and those before it speak of the pack. */
  #indexed: { readonly offset: number | null; readonly end: number } = { offset: null, end: 0 };

  private constructor(file: BlockFile, codec: RecordCodec, end: number) {
    this.#file = file;
    this.#codec = codec;
    this.#end = end;
  }

  /**
   * Reads the index of the first `committedBytes` and drops what follows, which no head speaks of.
   * A damaged header ends the index there: records behind it are unreachable, and the caller falls back.
   */
  static open(file: BlockFile, codec: RecordCodec, committedBytes: number, indexOffset: number | null = null): Pack {
    const end = Math.min(committedBytes, file.size());
    const pack = new Pack(file, codec, end);
    pack.#readIndex(indexOffset);
    pack.#scan(pack.#indexed.end, end);
    return pack;
  }

  /** Without a head to say how much of the file counts: everything up to the first damage. */
  static recover(file: BlockFile, codec: RecordCodec): Pack {
    const pack = new Pack(file, codec, 0);
    pack.#end = pack.#scan(0, file.size());
    return pack;
  }

  /** For the head: see {@link writeIndex}. */
  get indexOffset(): number | null {
    return this.#indexed.offset;
  }

  /** Appends an index record when much has come since the last one, or in any case. Before {@link flush}. */
  writeIndex(inAnyCase = false): void {
    const { offset: before, end } = this.#indexed;
    const endOffset = this.sizeBytes;
    if (endOffset - end < (inAnyCase ? 1 : INDEX_EVERY_BYTES)) return;
    const entries = [...this.#index].filter(([, location]) => location.offset >= end);
    this.put('index', encodeIndex({ before, endOffset, entries }));
    this.#indexed = { offset: endOffset, end: endOffset };
  }

  /** Bytes that a head written now may call committed; only after {@link flush}. */
  get sizeBytes(): number {
    return this.#end + this.#buffered;
  }

  has(key: Key): boolean {
    return this.#index.has(key);
  }

  /** Appends the record unless it is there already. */
  put(type: RecordType, payload: Uint8Array): Key {
    const key = this.#codec.key(type, payload);
    if (this.#index.has(key)) return key;
    const offset = this.sizeBytes;
    this.#append(this.#codec.encodeHeader(type, key, payload));
    this.#append(payload);
    this.#index.set(key, { offset, length: payload.length, type });
    return key;
  }

  /** Null when there is no such record; throws `ERR_INTEGRITY` when its bytes are damaged. */
  get(key: Key): Uint8Array | null {
    const location = this.#index.get(key);
    if (!location) return null;
    this.#drain();
    const bytes = new Uint8Array(HEADER_BYTES + location.length);
    const count = this.#file.read(bytes, location.offset);
    const payload = bytes.subarray(HEADER_BYTES);
    if (count < bytes.length || !this.#codec.isIntact(bytes.subarray(0, HEADER_BYTES), payload)) {
      throw new VerkletError('ERR_INTEGRITY', { name: `the stored ${location.type}`, expected: key });
    }
    return payload;
  }

  /** Bytes on the device; 0 for a record that is not there. */
  sizeOf(key: Key): number {
    const location = this.#index.get(key);
    return location ? HEADER_BYTES + location.length : 0;
  }

  typeOf(key: Key): RecordType | null {
    return this.#index.get(key)?.type ?? null;
  }

  /** The records in the order of the file, by large reads that each have memory of their own. Throws as {@link get}. */
  *windows(keys: Iterable<Key>): Generator<PackWindow> {
    this.#drain();
    const found = [...keys].map((key) => {
      const location = this.#index.get(key);
      if (!location) throw new VerkletError('ERR_INTEGRITY', { name: 'a stored record', expected: key });
      return { key, start: location.offset, end: location.offset + HEADER_BYTES + location.length };
    });
    found.sort((a, b) => a.start - b.start);
    for (let at = 0; at < found.length;) {
      const start = found[at]?.start ?? 0;
      let next = at + 1;
      while (next < found.length && (found[next]?.end ?? 0) - start <= SCAN_BYTES) next++;
      const bytes = new Uint8Array((found[next - 1]?.end ?? 0) - start);
      const count = this.#file.read(bytes, start);
      const records = found.slice(at, next).map((record) => {
        const headerAt = record.start - start;
        const payloadAt = headerAt + HEADER_BYTES;
        const payload = bytes.subarray(payloadAt, record.end - start);
        if (record.end - start > count || !this.#codec.isIntact(bytes.subarray(headerAt, payloadAt), payload))
          throw new VerkletError('ERR_INTEGRITY', { name: 'a stored record', expected: record.key });
        return { key: record.key, start: payloadAt, length: payload.length };
      });
      yield { bytes, records };
      at = next;
    }
  }

  /** Keys of all records of a type, the newest first. */
  newest(type: RecordType): Key[] {
    const found = [...this.#index].filter(([, location]) => location.type === type);
    return found.sort(([, a], [, b]) => b.offset - a.offset).map(([key]) => key);
  }

  /** Leaves a damaged record out, so that its content can be put again. */
  forget(key: Key): void {
    this.#index.delete(key);
  }

  async flush(): Promise<void> {
    this.#drain();
    await this.#file.flush();
  }

  /** Undoes appends since `sizeBytes` was `end`: after a failed save. */
  rollBack(end: number): void {
    for (const [key, location] of this.#index) if (location.offset >= end) this.#index.delete(key);
    this.#buffered = 0;
    this.#end = end;
    // An index record that went with the rest: those before it are found again at the next opening.
    if (this.#indexed.end >= end) this.#indexed = { offset: null, end: 0 };
  }

  close(): void {
    this.#file.close();
  }

  #append(bytes: Uint8Array): void {
    if (this.#buffered + bytes.length > BUFFER_BYTES) this.#drain();
    if (bytes.length > BUFFER_BYTES) {
      this.#file.write(bytes, this.#end);
      this.#end += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  #drain(): void {
    if (this.#buffered === 0) return;
    this.#file.write(this.#buffer.subarray(0, this.#buffered), this.#end);
    this.#end += this.#buffered;
    this.#buffered = 0;
  }

  /** A damaged index record is worth nothing: the pack is then read from its beginning. */
  #readIndex(indexOffset: number | null): void {
    const found: (readonly [Key, Location])[][] = [];
    let end: number | null = null;
    for (let offset = indexOffset; offset !== null;) {
      const bytes = this.#readRecordAt(offset);
      if (bytes === null) return;
      const { before, endOffset, entries } = decodeIndex(bytes);
      found.push([...entries]);
      end ??= endOffset;
      // Each is behind the one it names: anything else is no chain.
      if (before !== null && before >= offset) return;
      offset = before;
    }
    if (end === null) return;
    for (const entries of found.toReversed()) for (const [key, location] of entries) this.#index.set(key, location);
    this.#indexed = { offset: indexOffset, end };
  }

  /** The payload of the index record at the offset; null when there is none, or it is damaged. */
  #readRecordAt(offset: number): Uint8Array | null {
    const start = new Uint8Array(HEADER_BYTES);
    if (offset < 0 || this.#file.read(start, offset) < HEADER_BYTES) return null;
    const header = this.#codec.decodeHeader(start);
    if (header?.type !== 'index' || offset + HEADER_BYTES + header.length > this.#end) return null;
    const payload = new Uint8Array(header.length);
    const count = this.#file.read(payload, offset + HEADER_BYTES);
    return count === payload.length && this.#codec.isIntact(start, payload) ? payload : null;
  }

  /** Reads the headers between the offsets; returns the end of the last whole record. */
  #scan(from: number, end: number): number {
    const window = new Uint8Array(Math.min(SCAN_BYTES, Math.max(0, end - from)));
    let windowStart = 0;
    let windowEnd = 0;
    let offset = from;
    while (offset + HEADER_BYTES <= end) {
      if (offset < windowStart || offset + HEADER_BYTES > windowEnd) {
        windowStart = offset;
        windowEnd = offset + this.#file.read(window, offset);
      }
      const header = this.#codec.decodeHeader(window.subarray(offset - windowStart, offset - windowStart + HEADER_BYTES));
      if (!header || offset + HEADER_BYTES + header.length > end) return offset;
      this.#index.set(header.key, { offset, length: header.length, type: header.type });
      offset += HEADER_BYTES + header.length;
    }
    return offset;
  }
}
