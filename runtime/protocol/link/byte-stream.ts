// Frames over a byte stream that knows no boundaries: a length before each, and whose they are. Server and agent.
//
//   u32 length of the rest, u32 client, frame
//
// A stream that loses bytes while nobody is attached (a container's stdio) is found again by a marker: the attacher sends
// a nonce, the agent repeats it, and everything before it is dropped.
import { MAX_FRAME_BYTES } from './frames.ts';

const PREFIX_BYTES = 8;
const MARKER = '\0verklet-attach:';
const NONCE_LENGTH = 32;
const MARKER_BYTES = MARKER.length + NONCE_LENGTH + 1;

export function encodePacket(client: number, frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PREFIX_BYTES + frame.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frame.length + 4);
  view.setUint32(4, client);
  bytes.set(frame, PREFIX_BYTES);
  return bytes;
}

/** What the attacher writes first, and the agent repeats. `nonce` is 32 hexadecimal characters. */
export function encodeMarker(nonce: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${MARKER}${nonce}\n`);
}

/** Whether a marker begins here, as far as it has come. */
export function isMarker(bytes: Uint8Array): boolean {
  return bytes.length > 0 && MARKER.startsWith(new TextDecoder('latin1').decode(bytes.subarray(0, MARKER.length)));
}

export interface PacketEvents {
  onPacket(client: number, frame: Uint8Array): void;
  /** The peer broke the protocol; the stream is useless now, or `rest` begins with the marker of a fresh attacher. */
  onBroken(reason: string, rest: Uint8Array): void;
}

/** Splits a byte stream into packets. */
export class PacketReader {
  readonly #events: PacketEvents;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(events: PacketEvents) {
    this.#events = events;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    for (;;) {
      if (this.#sizeBytes < PREFIX_BYTES) return;
      const head = this.#peek(PREFIX_BYTES);
      const view = new DataView(head.buffer, head.byteOffset, PREFIX_BYTES);
      const length = view.getUint32(0) - 4;
      if (length < 0 || length > MAX_FRAME_BYTES)
        return this.#events.onBroken(`a packet of ${length} bytes`, concat(this.#chunks, this.#sizeBytes));
      if (this.#sizeBytes < PREFIX_BYTES + length) return;
      const packet = this.#take(PREFIX_BYTES + length);
      this.#events.onPacket(view.getUint32(4), packet.subarray(PREFIX_BYTES));
    }
  }

  #peek(count: number): Uint8Array {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) return first;
    const joined = concat(this.#chunks, this.#sizeBytes);
    this.#chunks = [joined];
    return joined;
  }

  #take(count: number): Uint8Array {
    const joined = this.#peek(count);
    const rest = joined.subarray(count);
    this.#sizeBytes -= count;
    if (rest.length === 0) this.#chunks.shift();
    else this.#chunks[0] = rest;
    return joined.subarray(0, count);
  }
}

/** Waits for the marker with this nonce (null: any) and hands everything after it on. */
export class MarkerFilter {
  readonly #nonce: string | null;
  readonly #onFound: (nonce: string) => void;
  #held: Uint8Array = new Uint8Array(0);
  #isFound = false;

  constructor(nonce: string | null, onFound: (nonce: string) => void) {
    this.#nonce = nonce;
    this.#onFound = onFound;
  }

  /** The bytes after the marker, or null while it has not come. */
  push(chunk: Uint8Array): Uint8Array | null {
    if (this.#isFound) return chunk;
    const joined = concat([this.#held, chunk], this.#held.length + chunk.length);
    const text = new TextDecoder('latin1').decode(joined);
    for (let at = text.indexOf(MARKER); at >= 0; at = text.indexOf(MARKER, at + 1)) {
      if (text.length < at + MARKER_BYTES) break;
      const nonce = text.slice(at + MARKER.length, at + MARKER_BYTES - 1);
      if (this.#nonce !== null && nonce !== this.#nonce) continue;
      this.#isFound = true;
      this.#held = new Uint8Array(0);
      this.#onFound(nonce);
      return joined.subarray(at + MARKER_BYTES);
    }
    this.#held = joined.slice(-MARKER_BYTES);
    return null;
  }
}

function concat(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const joined = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
