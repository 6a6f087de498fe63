// The records that say where the others are, so that opening a pack reads them and the tail behind the last one only. Each
// names the one before it. Pure.
//
//   offset  size  field
//        0     8  offset of the index record before this one, -1 for none
//        8     8  offset up to which this one and those before it speak of the pack
//       16    48  per record: key (32), type (1), zero (3), payload length (4), offset (8)
import { fromHex, toHex } from '#protocol';
import { recordTypes, type Key, type RecordType } from './records.ts';

const START_BYTES = 16;
const ENTRY_BYTES = 48;
const NONE = -1;

export interface Location {
  readonly offset: number;
  readonly length: number;
  readonly type: RecordType;
}

export interface PackIndex {
  readonly before: number | null;
  readonly endOffset: number;
  readonly entries: readonly (readonly [Key, Location])[];
}

export function encodeIndex({ before, endOffset, entries }: PackIndex): Uint8Array {
  const bytes = new Uint8Array(START_BYTES + entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, before ?? NONE, true);
  view.setFloat64(8, endOffset, true);
  let at = START_BYTES;
  for (const [key, { offset, length, type }] of entries) {
    bytes.set(fromHex(key), at);
    bytes[at + 32] = recordTypes.indexOf(type);
    view.setUint32(at + 36, length, true);
    view.setFloat64(at + 40, offset, true);
    at += ENTRY_BYTES;
  }
  return bytes;
}

/** Of a record whose checksum was verified. */
export function decodeIndex(bytes: Uint8Array): PackIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: [Key, Location][] = [];
  for (let at = START_BYTES; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const type = recordTypes[bytes[at + 32] ?? 255] ?? 'blob';
    const location = { offset: view.getFloat64(at + 40, true), length: view.getUint32(at + 36, true), type };
    entries.push([toHex(bytes.subarray(at, at + 32)), location]);
  }
  const before = view.getFloat64(0, true);
  return { before: before === NONE ? null : before, endOffset: view.getFloat64(8, true), entries };
}
