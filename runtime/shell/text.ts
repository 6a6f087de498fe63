// Text in pipes is bytes, mostly UTF-8. Bytes that are not become lone surrogates and come back as the same bytes, so that a
// program that only moves text does not change it. Pure.
import { TextDecoder, TextEncoder } from '../process/intrinsics.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE_BASE = 0xdc00;

export function decodeText(bytes: Uint8Array): string {
  const plain = bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
  try {
    return strict.decode(plain);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return decodeEscaped(plain);
  }
}

function decodeEscaped(bytes: Uint8Array): string {
  let result = '';
  let start = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    result += strict.decode(bytes.subarray(start, at)) + String.fromCharCode(ESCAPE_BASE + (bytes[at] ?? 0));
    start = ++at;
  }
  return result + strict.decode(bytes.subarray(start));
}

/** Bytes of the valid UTF-8 sequence at `at`; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || first >= 0xf5 || at + length > bytes.length) return 0;
  for (let index = 1; index < length; index++) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  const isOverlong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const isOutside = (first === 0xed && second >= 0xa0) || (first === 0xf4 && second >= 0x90);
  return isOverlong || isOutside ? 0 : length;
}

export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (!/[\udc80-\udcff]/.test(text)) return encoder.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff) parts.push(code - ESCAPE_BASE);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/** One byte as text, whatever it is: for escapes such as `\303`. */
export function byteText(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(ESCAPE_BASE + byte);
}

/** Lines of a stream without their breaks. `hasBreak` is false for a last line that has none. */
export function* linesOf(chunks: Iterable<Uint8Array>, separator = 0x0a): Generator<{ readonly line: string; readonly hasBreak: boolean }> {
  let rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(separator); end !== -1; end = chunk.indexOf(separator, start)) {
      const piece = chunk.subarray(start, end);
      if (rest.length === 0) yield { line: decodeText(piece), hasBreak: true };
      else {
        rest.push(piece);
        yield { line: decodeText(joined(rest)), hasBreak: true };
        rest = [];
      }
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.slice(start));
  }
  if (rest.length > 0) yield { line: decodeText(joined(rest)), hasBreak: false };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
