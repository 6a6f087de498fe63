// `Buffer.indexOf` and `lastIndexOf` on bytes, with Node's rules for offsets outside the buffer. Pure.

export interface Search {
  readonly offset: number;
  readonly isForward: boolean;
  /** Bytes per character: 2 for UTF-16, whose matches start at even places. */
  readonly unit: 1 | 2;
}

export function indexOfByte(haystack: Uint8Array, byte: number, offset: number, isForward: boolean): number {
  const start = startOf(haystack.length, 1, offset, isForward);
  if (start < 0 || haystack.length === 0) return -1;
  return isForward ? haystack.indexOf(byte & 255, start) : haystack.lastIndexOf(byte & 255, start);
}

export function indexOfBytes(haystack: Uint8Array, needle: Uint8Array, { offset, isForward, unit }: Search): number {
  const start = startOf(haystack.length, needle.length, offset, isForward);
  if (needle.length === 0) return start;
  if (start < 0 || needle.length > haystack.length) return -1;
  if (isForward && start + needle.length > haystack.length) return -1;
  if (unit === 2) {
    if (haystack.length < 2 || needle.length < 2) return -1;
    return findUnits(haystack, needle, start, isForward);
  }
  return isForward ? findForward(haystack, needle, start) : findBackward(haystack, needle, start);
}

/** Where the search begins; -1 for nowhere. An empty needle matches at the clamped offset. */
function startOf(length: number, needleLength: number, offset: number, isForward: boolean): number {
  if (offset < 0) {
    if (offset + length >= 0) return length + offset;
    return isForward || needleLength === 0 ? 0 : -1;
  }
  if (offset + needleLength <= length) return offset;
  if (needleLength === 0) return length;
  return isForward ? -1 : length - 1;
}

function findForward(haystack: Uint8Array, needle: Uint8Array, start: number): number {
  const first = needle[0] as number;
  const last = haystack.length - needle.length;
  for (let i = haystack.indexOf(first, start); i >= 0 && i <= last; i = haystack.indexOf(first, i + 1)) {
    if (matchesAt(haystack, needle, i)) return i;
  }
  return -1;
}

function findBackward(haystack: Uint8Array, needle: Uint8Array, start: number): number {
  for (let i = Math.min(start, haystack.length - needle.length); i >= 0; i--) {
    if (matchesAt(haystack, needle, i)) return i;
  }
  return -1;
}

function findUnits(haystack: Uint8Array, needle: Uint8Array, start: number, isForward: boolean): number {
  const whole = needle.subarray(0, needle.length & ~1);
  const last = (haystack.length & ~1) - whole.length;
  const step = isForward ? 2 : -2;
  for (let i = Math.min(start & ~1, isForward ? Infinity : last); i >= 0 && i <= last; i += step) {
    if (matchesAt(haystack, whole, i)) return i;
  }
  return -1;
}

function matchesAt(haystack: Uint8Array, needle: Uint8Array, offset: number): boolean {
  for (let i = 0; i < needle.length; i++) if (haystack[offset + i] !== needle[i]) return false;
  return true;
}
