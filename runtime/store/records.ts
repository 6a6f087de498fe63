// The records of a pack and their framing. All integers are little-endian. Runs in the store worker.
//
//   offset  size  field
//        0     4  magic 'VKR1'
//        4     1  type
//        5     3  zero
//        8     4  payload length
//       12     8  xxh64 of type, length, key and payload
//       20    32  key: BLAKE3-256 of type byte and payload
//       52        payload
import { createBLAKE3, createXXHash64, type IHasher } from 'hash-wasm';
import { fromHex, toHex } from '#protocol';

export const HEADER_BYTES = 52;
const MAGIC = 0x31524b56;
/** One file of a workspace may not be larger: a record is read in one piece. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024 * 1024;

/** The order is part of the format: new types come last. */
export const recordTypes = ['blob', 'tree', 'commit', 'package', 'index'] as const;
export type RecordType = (typeof recordTypes)[number];

/** A content address in hexadecimal, 64 characters. */
export type Key = string;

export interface RecordHeader {
  readonly type: RecordType;
  readonly length: number;
  readonly key: Key;
  readonly checksum: Uint8Array;
}

/** Hashing needs two wasm instances; they are made once and reused. */
export class RecordCodec {
  readonly #content: IHasher;
  readonly #check: IHasher;

  private constructor(content: IHasher, check: IHasher) {
    this.#content = content;
    this.#check = check;
  }

  static async create(): Promise<RecordCodec> {
    return new RecordCodec(await createBLAKE3(), await createXXHash64());
  }

  key(type: RecordType, payload: Uint8Array): Key {
    return this.#content
      .init()
      .update(Uint8Array.of(recordTypes.indexOf(type)))
      .update(payload)
      .digest('hex');
  }

  encodeHeader(type: RecordType, key: Key, payload: Uint8Array): Uint8Array {
    const header = new Uint8Array(HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(0, MAGIC, true);
    header[4] = recordTypes.indexOf(type);
    view.setUint32(8, payload.length, true);
    header.set(fromHex(key), 20);
    header.set(this.#checksum(header, payload), 12);
    return header;
  }

  /** Null when the bytes are no header: a torn tail, or damage. */
  decodeHeader(header: Uint8Array): RecordHeader | null {
    const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
    const type = recordTypes[header[4] ?? 255];
    const length = view.getUint32(8, true);
    if (view.getUint32(0, true) !== MAGIC || type === undefined || length > MAX_PAYLOAD_BYTES) return null;
    return { type, length, key: toHex(header.subarray(20, 52)), checksum: header.slice(12, 20) };
  }

  isIntact(header: Uint8Array, payload: Uint8Array): boolean {
    const expected = this.#checksum(header, payload);
    return expected.every((byte, index) => byte === header[12 + index]);
  }

  #checksum(header: Uint8Array, payload: Uint8Array): Uint8Array {
    return this.#check.init().update(header.subarray(4, 12)).update(header.subarray(20, 52)).update(payload).digest('binary');
  }
}
