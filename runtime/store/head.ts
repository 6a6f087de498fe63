// The head of a store: which commit is current and how much of which pack it needs. Two slots, written in turn, each with
// a sequence number and a checksum: whatever a crash leaves, one whole slot remains. Runs in the store worker.
import type { IHasher } from 'hash-wasm';
import { createXXHash64 } from 'hash-wasm';
import { fromHex, toHex } from '#protocol';
import type { BlockFile } from './block-file.ts';
import type { Key } from './records.ts';

/**
 * Raised when the layout of packs or heads changes; an older program refuses a newer store instead of damaging it. So the
 * first 72 bytes of a slot stay as they are, for ever: an older program has to understand that it does not understand.
 *
 * - 1: heads and packs.
 * - 2: the head names the last index record of its pack, so that opening need not read the whole pack.
 */
export const STORE_FORMAT = 2;

const MAGIC = 0x31484b56; // 'VKH1'
const SLOT_BYTES = 512; // no device tears a write of one sector across two slots
const FIRST_BYTES = 72;
/** Format 2 and later, behind the first part: offset of the last index record, and a checksum of that. */
const USED_BYTES = 88;
const NO_INDEX = -1;

export interface Head {
  readonly format: number;
  /** Number of the pack file. */
  readonly generation: number;
  /** Bytes of the pack that belong to this commit and everything before it. */
  readonly committedBytes: number;
  /** Null in a store without any commit. */
  readonly commit: Key | null;
  /** Where the last index record of the pack begins; null without one. */
  readonly indexOffset: number | null;
}

export class HeadFile {
  readonly #file: BlockFile;
  readonly #hash: IHasher;
  #sequence = 0;

  private constructor(file: BlockFile, hash: IHasher) {
    this.#file = file;
    this.#hash = hash;
  }

  static async open(file: BlockFile): Promise<HeadFile> {
    return new HeadFile(file, await createXXHash64());
  }

  /** Valid heads, newest first: none in a new store, at most two. */
  readAll(): Head[] {
    const found: { sequence: number; head: Head }[] = [];
    for (const slot of [0, 1]) {
      const bytes = new Uint8Array(USED_BYTES);
      if (this.#file.read(bytes, slot * SLOT_BYTES) < FIRST_BYTES) continue;
      const decoded = this.#decode(bytes);
      if (decoded) found.push(decoded);
    }
    found.sort((a, b) => b.sequence - a.sequence);
    this.#sequence = found[0]?.sequence ?? 0;
    return found.map(({ head }) => head);
  }

  /** Resolves once the head is on the device. The slot of the head before it is left alone. */
  async write(head: Head): Promise<void> {
    const sequence = this.#sequence + 1;
    this.#file.write(this.#encode(sequence, head), (sequence % 2) * SLOT_BYTES);
    await this.#file.flush();
    this.#sequence = sequence;
  }

  close(): void {
    this.#file.close();
  }

  #encode(sequence: number, head: Head): Uint8Array {
    const bytes = new Uint8Array(SLOT_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, head.format, true);
    view.setFloat64(8, sequence, true);
    view.setUint32(16, head.generation, true);
    view.setUint32(20, head.commit === null ? 0 : 1, true);
    view.setFloat64(24, head.committedBytes, true);
    if (head.commit !== null) bytes.set(fromHex(head.commit), 32);
    bytes.set(this.#checksum(bytes.subarray(0, 64)), 64);
    view.setFloat64(72, head.indexOffset ?? NO_INDEX, true);
    bytes.set(this.#checksum(bytes.subarray(64, 80)), 80);
    return bytes;
  }

  #decode(bytes: Uint8Array): { sequence: number; head: Head } | null {
    const view = new DataView(bytes.buffer);
    if (view.getUint32(0, true) !== MAGIC || !this.#isIntact(bytes, 0, 64)) return null;
    // An index that cannot be found only costs the time to read the pack.
    const indexOffset = view.getUint32(4, true) >= 2 && this.#isIntact(bytes, 64, 80) ? view.getFloat64(72, true) : NO_INDEX;
    const head = {
      format: view.getUint32(4, true),
      generation: view.getUint32(16, true),
      committedBytes: view.getFloat64(24, true),
      commit: view.getUint32(20, true) === 1 ? toHex(bytes.subarray(32, 64)) : null,
      indexOffset: indexOffset === NO_INDEX ? null : indexOffset,
    };
    return { sequence: view.getFloat64(8, true), head };
  }

  /** Whether the checksum at `end` is that of the bytes before it. */
  #isIntact(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#checksum(bytes.subarray(start, end)).every((byte, index) => byte === bytes[end + index]);
  }

  #checksum(bytes: Uint8Array): Uint8Array {
    return this.#hash.init().update(bytes).digest('binary');
  }
}
