// A growing byte buffer with V8's primitives: varints, doubles, strings.
import { TAG } from './tags.ts';

const LATIN1 = /^[\0-\xff]*$/;

export class ByteWriter {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written; the writer starts again. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    this.varint64(BigInt(value));
  }

  varint64(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** With its tag: Latin-1 where it fits, else UTF-16 at an even offset. */
  string(text: string): void {
    const isLatin1 = LATIN1.test(text);
    const size = isLatin1 ? text.length : text.length * 2;
    if (!isLatin1 && (this.#length + 1 + varintBytes(size)) % 2 === 1) this.byte(TAG.padding);
    this.byte(isLatin1 ? TAG.oneByteString : TAG.twoByteString);
    this.varint(size);
    this.#reserve(size);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      this.#bytes[this.#length++] = unit;
      if (!isLatin1) this.#bytes[this.#length++] = unit >> 8;
    }
  }

  /** Sign and digits, without a tag. */
  bigint(value: bigint): void {
    const magnitude = value < 0n ? -value : value;
    const digits = magnitude === 0n ? 0 : Math.ceil(magnitude.toString(16).length / 16);
    this.varint((digits << 4) | (value < 0n ? 1 : 0));
    this.#reserve(digits * 8);
    for (let index = 0; index < digits; index++) {
      this.#view.setBigUint64(this.#length, (magnitude >> BigInt(index * 64)) & 0xffff_ffff_ffff_ffffn, true);
      this.#length += 8;
    }
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + size));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count++;
  return count;
}
