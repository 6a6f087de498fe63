// Records on their way between SDK and server: u8 type, u32 length, 32 bytes key, payload, one after the other. The key is
// what the sender says; a receiver that stores computes it anew. Runs everywhere.
import { fromHex, toHex } from './hex.ts';
import { recordTypes, type RecordType } from './trees.ts';

export interface PackedRecord {
  readonly type: RecordType;
  readonly key: string;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 37;
/** A pack is held in memory once on each side. */
export const MAX_PACK_BYTES = 48 * 1024 * 1024;
export const MAX_RECORDS_PER_PACK = 20_000;

export function encodePack(records: readonly PackedRecord[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(records.reduce((sum, { payload }) => sum + HEADER_BYTES + payload.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { type, key, payload } of records) {
    bytes[at] = recordTypes.indexOf(type);
    view.setUint32(at + 1, payload.length);
    bytes.set(fromHex(key), at + 5);
    bytes.set(payload, at + HEADER_BYTES);
    at += HEADER_BYTES + payload.length;
  }
  return bytes;
}

/** Null when the bytes are not a pack. */
export function decodePack(bytes: Uint8Array): PackedRecord[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: PackedRecord[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + HEADER_BYTES > bytes.length || records.length >= MAX_RECORDS_PER_PACK) return null;
    const type = recordTypes[bytes[at] ?? 255];
    const end = at + HEADER_BYTES + view.getUint32(at + 1);
    if (type === undefined || end > bytes.length) return null;
    records.push({ type, key: toHex(bytes.subarray(at + 5, at + HEADER_BYTES)), payload: bytes.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return records;
}

/** Bytes a record takes in a pack. */
export function packedBytes(payloadBytes: number): number {
  return HEADER_BYTES + payloadBytes;
}
