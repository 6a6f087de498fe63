// The binary frames between a client (SDK, server) and the agent inside a session. Runs everywhere.
//
//   offset  size  field
//        0     1  kind
//        1     1  flags
//        2     2  zero
//        4     4  stream
//        8     8  offset: float64, position in the stream's one direction
//       16        payload
//
// Offsets make everything idempotent, as in QUIC: a frame that comes twice is dropped, an acknowledgement or a limit that
// comes twice says the same.

export const FRAME_HEADER_BYTES = 16;
/** A keystroke never waits behind more than one of these. */
export const MAX_FRAME_PAYLOAD_BYTES = 64 * 1024;
/** Largest frame a receiver accepts: control frames (resume state of many streams) may be larger than data. */
export const MAX_FRAME_BYTES = 1024 * 1024;

const KINDS = ['open', 'data', 'window', 'reset', 'hello', 'welcome', 'ping', 'pong', 'gap', 'event', 'goaway'] as const;
export type FrameKind = (typeof KINDS)[number];

/** The payload is JSON, delivered whole and in order with the bytes around it. */
export const FLAG_MESSAGE = 1;
/** Nothing follows in this direction. Counts one offset. */
export const FLAG_END = 2;

export interface Frame {
  readonly kind: FrameKind;
  readonly flags: number;
  readonly stream: number;
  readonly offset: number;
  readonly payload: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeFrame(kind: FrameKind, stream: number, offset = 0, payload: Uint8Array = EMPTY, flags = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = KINDS.indexOf(kind);
  bytes[1] = flags;
  view.setUint32(4, stream);
  view.setFloat64(8, offset);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** Null for anything that is no frame: the sender is broken or hostile and the connection ends. */
export function decodeFrame(bytes: Uint8Array): Frame | null {
  if (bytes.length < FRAME_HEADER_BYTES || bytes.length > MAX_FRAME_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = KINDS[bytes[0] ?? 255];
  const offset = view.getFloat64(8);
  if (kind === undefined || !Number.isSafeInteger(offset) || offset < 0) return null;
  return { kind, flags: bytes[1] ?? 0, stream: view.getUint32(4), offset, payload: bytes.subarray(FRAME_HEADER_BYTES) };
}

/** Null when the payload is not JSON. */
export function decodeJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch {
    return null; // a broken peer; callers validate what they get, and null is never valid
  }
}
