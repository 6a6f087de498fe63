// WebSocket framing (RFC 6455 section 5), client side: frames as bytes, and messages from a reader. Runs in the kernel worker.
import { MalformedStream, type ConnectionReader } from './connection-reader.ts';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

/** A message is held whole, because a page gets it whole. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const opcodes = new Set<number>(Object.values(OPCODE));

export interface Message {
  readonly opcode: Exclude<Opcode, 0>;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A failure that has a close code of its own (RFC 6455 section 7.4.1). */
export class SocketViolation extends MalformedStream {
  readonly closeCode: number;
  constructor(closeCode: number, reason: string) {
    super(reason);
    this.closeCode = closeCode;
  }
}

/** One final, masked frame. A client masks everything it sends; `mask` is fresh random bytes. */
export function encodeFrame(opcode: Opcode, payload: Uint8Array, mask: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = payload.byteLength;
  const extended = size < 126 ? 0 : size < 65_536 ? 2 : 8;
  const frame = new Uint8Array(2 + extended + 4 + size);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? size : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, size);
  if (extended === 8) view.setBigUint64(2, BigInt(size));
  const start = 2 + extended + 4;
  frame.set(mask.subarray(0, 4), start - 4);
  frame.set(payload, start);
  for (let index = 0; index < size; index++) frame[start + index]! ^= mask[index & 3]!;
  return frame;
}

interface FrameHeader {
  readonly isFinal: boolean;
  readonly opcode: Opcode;
  readonly sizeBytes: number;
}

/** Puts fragments together; control frames come out in between, as they arrive. */
export class MessageReader {
  readonly #reader: ConnectionReader;
  #fragments: Uint8Array<ArrayBuffer>[] = [];
  #opcode: Exclude<Opcode, 0> | null = null;
  #sizeBytes = 0;

  constructor(reader: ConnectionReader) {
    this.#reader = reader;
  }

  async next(): Promise<Message> {
    for (;;) {
      const { isFinal, opcode, sizeBytes } = await this.#readHeader();
      const payload = new Uint8Array(sizeBytes);
      await this.#reader.readExact(payload);
      if (opcode >= OPCODE.close) return { opcode: opcode as Exclude<Opcode, 0>, payload };
      if (opcode !== OPCODE.continuation) this.#opcode = opcode;
      this.#fragments.push(payload);
      this.#sizeBytes += sizeBytes;
      if (isFinal) return this.#finish();
    }
  }

  async #readHeader(): Promise<FrameHeader> {
    const start = new Uint8Array(2);
    await this.#reader.readExact(start);
    const [first = 0, second = 0] = start;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0 || !opcodes.has(opcode)) throw new SocketViolation(1002, 'reserved bits or an unknown opcode');
    if ((second & 0x80) !== 0) throw new SocketViolation(1002, 'a server frame is masked');
    const sizeBytes = await this.#readSize(second & 0x7f);
    this.#check(opcode as Opcode, isFinal, sizeBytes);
    return { isFinal, opcode: opcode as Opcode, sizeBytes };
  }

  async #readSize(short: number): Promise<number> {
    if (short < 126) return short;
    const bytes = new Uint8Array(short === 126 ? 2 : 8);
    await this.#reader.readExact(bytes);
    const view = new DataView(bytes.buffer);
    return short === 126 ? view.getUint16(0) : Number(view.getBigUint64(0));
  }

  #check(opcode: Opcode, isFinal: boolean, sizeBytes: number): void {
    if (opcode >= OPCODE.close) {
      if (!isFinal || sizeBytes > 125) throw new SocketViolation(1002, 'a control frame is fragmented or too long');
      return;
    }
    const isContinuation = opcode === OPCODE.continuation;
    if (isContinuation !== (this.#opcode !== null)) throw new SocketViolation(1002, 'a fragment out of order');
    if (this.#sizeBytes + sizeBytes > MAX_MESSAGE_BYTES) throw new SocketViolation(1009, 'a message larger than the limit');
  }

  #finish(): Message {
    const opcode = this.#opcode ?? OPCODE.binary;
    const [only] = this.#fragments;
    const payload = this.#fragments.length === 1 && only ? only : concatenate(this.#fragments, this.#sizeBytes);
    this.#fragments = [];
    this.#opcode = null;
    this.#sizeBytes = 0;
    return { opcode, payload };
  }
}

function concatenate(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

/** The payload of a close frame. */
export function encodeClose(code: number, reason: string): Uint8Array<ArrayBuffer> {
  if (code === 1005) return new Uint8Array(0);
  // 123 bytes are left for the reason (section 5.5); a cut in a character is mended by the decoder below.
  const text = new TextEncoder().encode(reason).subarray(0, 123);
  const payload = new Uint8Array(2 + text.byteLength);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text, 2);
  return payload;
}

export function decodeClose(payload: Uint8Array<ArrayBuffer>): { readonly code: number; readonly reason: string } {
  if (payload.byteLength < 2) return { code: 1005, reason: '' };
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  const isAllowed = (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);
  if (!isAllowed) throw new SocketViolation(1002, `a close code of ${code}`);
  return { code, reason: new TextDecoder().decode(payload.subarray(2)) };
}
