// The `buffer` binding: what Node's Buffer needs below its JavaScript. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { bytesOf, compareBytes, unsharedBytes } from './buffer/bytes.ts';
import { decodeBase64, encodeBase64 } from './buffer/base64.ts';
import { encodeText, encodingOf } from './buffer/encodings.ts';
import { fillBytes, swapBytes } from './buffer/fill.ts';
import { nodeError } from './buffer/node-error.ts';
import { indexOfByte, indexOfBytes } from './buffer/search.ts';
import { installSlices } from './buffer/string-slices.ts';
import { decodeLatin1, encodeLatin1, utf8Length } from './buffer/text.ts';

type Bytes = ArrayBufferView | ArrayBufferLike;

const fatalUtf8 = new TextDecoder('utf-8', { fatal: true });

export const buffer: BindingFactory = (_realm, binding) => {
  installSlices(binding);
  Object.assign(binding, comparison, mutation, validation, { atob: decodeForAtob, btoa: encodeForBtoa, byteLengthUtf8: utf8Length });
  // Memory from the platform is always zeroed, so the toggle has nothing to switch.
  binding['getZeroFillToggle'] = () => new Uint32Array(1);
  binding['createUnsafeArrayBuffer'] = (size: number) => new ArrayBuffer(size);
  binding['setBufferPrototype'] = () => {};
};

const comparison = {
  compare: (a: Bytes, b: Bytes) => compareBytes(bytesOf(a), bytesOf(b)),
  compareOffset(source: Bytes, target: Bytes, targetStart: number, sourceStart: number, targetEnd: number, sourceEnd: number) {
    const from = bytesOf(source);
    const to = bytesOf(target);
    if (sourceStart > from.length) throw outOfRange('sourceStart');
    if (targetStart > to.length) throw outOfRange('targetStart');
    return compareBytes(
      from.subarray(sourceStart, Math.min(sourceEnd, from.length)),
      to.subarray(targetStart, Math.min(targetEnd, to.length)),
    );
  },
  indexOfNumber: (haystack: Bytes, byte: number, offset: number, isForward: boolean) =>
    indexOfByte(bytesOf(haystack), byte, offset, isForward),
  indexOfString(haystack: Bytes, text: string, offset: number, encodingName: unknown, isForward: boolean) {
    const encoding = encodingOf(encodingName);
    const unit = encoding === 'utf16le' ? 2 : 1;
    return indexOfBytes(bytesOf(haystack), encodeText(text, encoding), { offset, isForward, unit });
  },
  indexOfBuffer(haystack: Bytes, needle: Bytes, offset: number, encodingName: unknown, isForward: boolean) {
    const unit = encodingOf(encodingName) === 'utf16le' ? 2 : 1;
    return indexOfBytes(bytesOf(haystack), bytesOf(needle), { offset, isForward, unit });
  },
};

const mutation = {
  copy(source: Bytes, target: Bytes, targetStart: number, sourceStart: number, count: number): number {
    bytesOf(target).set(bytesOf(source).subarray(sourceStart, sourceStart + count), targetStart);
    return count;
  },
  copyArrayBuffer(target: ArrayBufferLike, targetOffset: number, source: ArrayBufferLike, sourceOffset: number, count: number): void {
    new Uint8Array(target, targetOffset, count).set(new Uint8Array(source, sourceOffset, count));
  },
  fill: (target: Bytes, value: unknown, start: number, end: number, encoding: unknown) =>
    fillBytes(bytesOf(target), value, start, end, encoding),
  swap16: (target: Bytes) => swapped(target, 2),
  swap32: (target: Bytes) => swapped(target, 4),
  swap64: (target: Bytes) => swapped(target, 8),
};

const validation = {
  isUtf8(source: Bytes): boolean {
    try {
      fatalUtf8.decode(unsharedBytes(attached(source)));
      return true;
    } catch (error) {
      // The decoder's TypeError is the answer: this is not UTF-8.
      if (error instanceof TypeError) return false;
      throw error;
    }
  },
  isAscii: (source: Bytes): boolean => attached(source).every((byte) => byte < 128),
};

function swapped(target: Bytes, size: 2 | 4 | 8): Bytes {
  swapBytes(bytesOf(target), size);
  return target;
}

function attached(source: Bytes): Uint8Array {
  const memory = ArrayBuffer.isView(source) ? source.buffer : source;
  if (memory instanceof ArrayBuffer && memory.detached) {
    throw nodeError(Error, 'ERR_INVALID_STATE', 'Invalid state: Cannot validate on a detached buffer');
  }
  return bytesOf(source);
}

function outOfRange(name: string): Error {
  return nodeError(RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range.`);
}

/** Negative answers stand for the errors that Node's library throws. */
const ATOB_INVALID_CHARACTER = -2;
const ATOB_SINGLE_CHARACTER = -1;

/** The forgiving-base64 decode of the Infra standard. */
function decodeForAtob(input: string): string | number {
  const text = input.replace(/[\t\n\f\r ]/g, '');
  const isPadded = text.length % 4 === 0;
  const body = isPadded ? text.replace(/={1,2}$/, '') : text;
  if (/[^A-Za-z0-9+/]/.test(body)) return ATOB_INVALID_CHARACTER;
  if (body.length % 4 === 1) return ATOB_SINGLE_CHARACTER;
  return decodeLatin1(decodeBase64(body));
}

function encodeForBtoa(input: string): string | number {
  return /[^\0-\xff]/.test(input) ? -1 : encodeBase64(encodeLatin1(input), false);
}
