// The head of a store: which commit is current and how much of which pack it needs. Two slots, written in turn, each with
// a sequence number and a checksum: whatever a crash leaves, one whole slot remains. Runs in the store worker.
import type { IHasher } from 'hash-wasm';
import { createXXHash64 } from 'hash-wasm';
import type { BlockFile } from './block-file.ts';
import { fromHex, toHex, type Key } from './records.ts';

/** Raised when the layout of packs or heads changes; an older program refuses a newer store instead of damaging it. */
export const STORE_FORMAT = 1;

const MAGIC = 0x31484b56; // 'VKH1'
const SLOT_BYTES = 512; // no device tears a write of one sector across two slots
const USED_BYTES = 72;

export interface Head {
  readonly format: number;
  /** Number of the pack file. */
  readonly generation: number;
  /** Bytes of the pack that belong to this commit and everything before it. */
  readonly committedBytes: number;
  /** Null in a store without any commit. */
  readonly commit: Key | null;
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
      if (this.#file.read(bytes, slot * SLOT_BYTES) < USED_BYTES) continue;
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
    bytes.set(this.#hash.init().update(bytes.subarray(0, 64)).digest('binary'), 64);
    return bytes;
  }

  #decode(bytes: Uint8Array): { sequence: number; head: Head } | null {
    const view = new DataView(bytes.buffer);
    const checksum = this.#hash.init().update(bytes.subarray(0, 64)).digest('binary');
    if (view.getUint32(0, true) !== MAGIC || !checksum.every((byte, index) => byte === bytes[64 + index])) return null;
    const head = {
      format: view.getUint32(4, true),
      generation: view.getUint32(16, true),
      committedBytes: view.getFloat64(24, true),
      commit: view.getUint32(20, true) === 1 ? toHex(bytes.subarray(32, 64)) : null,
    };
    return { sequence: view.getFloat64(8, true), head };
  }
}
