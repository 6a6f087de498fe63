// Views of whatever a binding may be given as bytes. Runs in the process worker.

const plain = Uint8Array.prototype;

/** The same memory as a plain Uint8Array: Buffer redefines `slice` and friends. */
export function bytesOf(source: ArrayBufferView | ArrayBufferLike): Uint8Array {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  if (source instanceof Uint8Array && Object.getPrototypeOf(source) === plain) return source;
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** The platform's text and crypto functions refuse shared or resizable memory: copy those. */
export function unsharedBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isFixed = buffer instanceof ArrayBuffer && !buffer.resizable;
  return isFixed ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

export function compareBytes(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}
