// The methods that the `buffer` binding lends to Buffer.prototype: `hexSlice`, `utf8Write`... Runs in the process worker.
import type { BindingObject } from '../../realm.ts';
import { bytesOf } from './bytes.ts';
import { decodeBytes, encodeText, type Encoding } from './encodings.ts';
import { nodeError } from './node-error.ts';
import { writeUtf8 } from './text.ts';

const SLICES: Readonly<Record<string, Encoding>> = {
  asciiSlice: 'ascii',
  base64Slice: 'base64',
  base64urlSlice: 'base64url',
  latin1Slice: 'latin1',
  hexSlice: 'hex',
  ucs2Slice: 'utf16le',
  utf8Slice: 'utf8',
};

/** `kStringMaxLength` of V8: longer texts are errors, not crashes. */
export const MAX_STRING = 0x1fffffe8;

export function installSlices(binding: BindingObject): void {
  for (const [name, encoding] of Object.entries(SLICES)) {
    binding[name] = function (this: ArrayBufferView, start?: number, end?: number): string {
      return slice(bytesOf(this), start, end, encoding);
    };
  }
  const writeTo = (encoding: Encoding) =>
    function (this: ArrayBufferView, text: string, offset?: number, length?: number): number {
      return write(bytesOf(this), text, offset, length, encoding);
    };
  binding['base64Write'] = writeTo('base64');
  binding['base64urlWrite'] = writeTo('base64url');
  binding['hexWrite'] = writeTo('hex');
  binding['ucs2Write'] = writeTo('utf16le');
  const writeStatic = (encoding: Encoding) => (into: ArrayBufferView, text: string, offset?: number, length?: number) =>
    write(bytesOf(into), text, offset, length, encoding);
  binding['asciiWriteStatic'] = writeStatic('ascii');
  binding['latin1WriteStatic'] = writeStatic('latin1');
  binding['utf8WriteStatic'] = writeStatic('utf8');
}

function slice(bytes: Uint8Array, start = 0, end = bytes.length, encoding: Encoding): string {
  const stop = Math.max(start, end);
  if (start < 0 || stop > bytes.length) throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', 'Index out of range');
  if (stop - start > MAX_STRING) {
    throw nodeError(Error, 'ERR_STRING_TOO_LONG', `Cannot create a string longer than 0x${MAX_STRING.toString(16)} characters`);
  }
  return decodeBytes(start === 0 && stop === bytes.length ? bytes : bytes.subarray(start, stop), encoding);
}

function write(into: Uint8Array, text: string, offset = 0, length = into.length, encoding: Encoding): number {
  if (typeof text !== 'string') throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'argument must be a string');
  if (offset > into.length) throw nodeError(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
  const room = into.subarray(offset, offset + Math.min(length, into.length - offset));
  if (encoding === 'utf8') return writeUtf8(text, room);
  const bytes = encodeText(text, encoding);
  const fitting = Math.min(bytes.length, room.length);
  const count = encoding === 'utf16le' ? fitting & ~1 : fitting;
  room.set(bytes.subarray(0, count));
  return count;
}
