// Hexadecimal text; decoding stops at the first pair that is not hexadecimal, as Node does. Pure.

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const INVALID = 255;
const ascii = new TextDecoder('latin1');

export function encodeHex(bytes: Uint8Array): string {
  const out = new Uint8Array(bytes.length * 2);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    out[i * 2] = DIGITS[byte >> 4] as number;
    out[i * 2 + 1] = DIGITS[byte & 15] as number;
  }
  return ascii.decode(out);
}

export function decodeHex(text: string): Uint8Array {
  const out = new Uint8Array(text.length >> 1);
  for (let i = 0; i < out.length; i++) {
    const high = digitOf(text.charCodeAt(i * 2));
    const low = digitOf(text.charCodeAt(i * 2 + 1));
    if (high === INVALID || low === INVALID) return out.subarray(0, i);
    out[i] = (high << 4) | low;
  }
  return out;
}

function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 && code < 128 ? lower - 87 : INVALID;
}
