// Filling, copying and byte swapping for Buffer. Pure.
import { bytesOf } from './bytes.ts';
import { encodeText, encodingOf } from './encodings.ts';

/** Answers of the native `fill` that Node's library turns into errors. */
export const FILL_EMPTY = -1;
export const FILL_OUT_OF_BOUNDS = -2;

export function fillBytes(target: Uint8Array, value: unknown, start: number, end: number, encoding: unknown): number | undefined {
  if (start < 0 || end > target.length) return FILL_OUT_OF_BOUNDS;
  if (start >= end) return undefined;
  const pattern = patternOf(value, encoding);
  if (typeof pattern === 'number') {
    target.fill(pattern, start, end);
    return undefined;
  }
  if (pattern.length === 0) return FILL_EMPTY;
  const first = pattern.subarray(0, end - start);
  target.set(first, start);
  // Doubles what is there already until the range is full.
  for (let filled = first.length; start + filled < end; filled *= 2) {
    target.copyWithin(start + filled, start, Math.min(start + filled, end - filled));
  }
  return undefined;
}

function patternOf(value: unknown, encoding: unknown): number | Uint8Array {
  if (typeof value === 'string') return encodeText(value, encodingOf(encoding));
  // Copied: it may be a part of the target.
  if (ArrayBuffer.isView(value)) return new Uint8Array(bytesOf(value));
  return Number(value) & 255;
}

/** Reverses every group of `size` bytes in place. */
export function swapBytes(bytes: Uint8Array, size: 2 | 4 | 8): void {
  for (let start = 0; start + size <= bytes.length; start += size) {
    for (let i = 0; i < size / 2; i++) {
      const low = start + i;
      const high = start + size - 1 - i;
      const byte = bytes[low] as number;
      bytes[low] = bytes[high] as number;
      bytes[high] = byte;
    }
  }
}
