// Reads V8's primitives; what ends too early is reported by `undefined`, so that each caller can say it in its own words.

const utf8 = new TextDecoder();

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    // Never a Buffer: its `slice` shares memory.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  peek(): number | undefined {
    return this.#bytes[this.#position];
  }

  byte(): number | undefined {
    const value = this.#bytes[this.#position];
    if (value !== undefined) this.#position++;
    return value;
  }

  varint(): number | undefined {
    const value = this.varint64();
    return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
  }

  varint64(): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const next = this.byte();
      if (next === undefined) return undefined;
      if (shift < 64n) value |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) return BigInt.asUintN(64, value);
    }
  }

  double(): number | undefined {
    if (this.#position + 8 > this.#bytes.length) return undefined;
    const value = this.#view.getFloat64(this.#position, true);
    this.#position += 8;
    return value;
  }

  /** A view of the next bytes, not a copy. */
  raw(size: number): Uint8Array | undefined {
    if (this.#position + size > this.#bytes.length) return undefined;
    this.#position += size;
    return this.#bytes.subarray(this.#position - size, this.#position);
  }

  text(size: number, encoding: 'latin1' | 'utf16' | 'utf8'): string | undefined {
    const bytes = this.raw(size);
    if (bytes === undefined) return undefined;
    if (encoding === 'utf8') return utf8.decode(bytes.slice());
    const step = encoding === 'utf16' ? 2 : 1;
    let text = '';
    // Unit by unit: a decoder would replace surrogates that stand alone.
    for (let index = 0; index < size; index += step) {
      const high = step === 2 ? (bytes[index + 1] ?? 0) << 8 : 0;
      text += String.fromCharCode(high | (bytes[index] ?? 0));
    }
    return text;
  }

  bigint(): bigint | undefined {
    const bitfield = this.varint();
    const bytes = bitfield === undefined ? undefined : this.raw((bitfield >> 1) & ~7);
    if (bitfield === undefined || bytes === undefined) return undefined;
    let magnitude = 0n;
    for (let index = bytes.length - 1; index >= 0; index--) magnitude = (magnitude << 8n) | BigInt(bytes[index] ?? 0);
    return bitfield & 1 ? -magnitude : magnitude;
  }
}
