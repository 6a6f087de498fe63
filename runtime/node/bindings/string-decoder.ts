// The `string_decoder` binding: characters cut by chunk borders wait in a small state buffer. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { bytesOf } from './buffer/bytes.ts';
import { decodeBytes, encodingOf, type Encoding } from './buffer/encodings.ts';
import { MAX_STRING } from './buffer/string-slices.ts';
import { nodeError } from './buffer/node-error.ts';

/** Fields of the state after the four bytes of an incomplete character; the layout is Node's. */
const MISSING = 4;
const BUFFERED = 5;
const ENCODING = 6;

export const stringDecoder: BindingFactory = (realm, binding) => {
  binding['decode'] = (state: ArrayBufferView, chunk: unknown): string => {
    if (typeof chunk === 'string') return chunk;
    if (!ArrayBuffer.isView(chunk)) {
      const { ERR_INVALID_ARG_TYPE } = realm.requireBuiltin('internal/errors')['codes'];
      throw new ERR_INVALID_ARG_TYPE('buf', ['Buffer', 'TypedArray', 'DataView'], chunk);
    }
    if (chunk.byteLength > MAX_STRING)
      throw nodeError(Error, 'ERR_STRING_TOO_LONG', `Cannot create a string longer than 0x${MAX_STRING.toString(16)} characters`);
    return decodeChunk(bytesOf(state), bytesOf(chunk));
  };
  binding['flush'] = (state: ArrayBufferView): string => flushDecoder(bytesOf(state));
};

export function decodeChunk(state: Uint8Array, chunk: Uint8Array): string {
  const encoding = encodingOf(state[ENCODING]);
  if (!isMultiByte(encoding)) return decodeBytes(chunk, encoding);
  const { text, rest } = finishCharacter(state, chunk, encoding);
  if (rest.length === 0) return text;
  const kept = incompleteTail(rest, encoding, state);
  const whole = rest.length - kept;
  if (kept > 0) state.set(rest.subarray(whole), 0);
  state[BUFFERED] = kept;
  return text + decodeBytes(rest.subarray(0, whole), encoding);
}

export function flushDecoder(state: Uint8Array): string {
  const encoding = encodingOf(state[ENCODING]);
  const buffered = state[BUFFERED] as number;
  const length = encoding === 'utf16le' ? buffered & ~1 : buffered;
  state[MISSING] = 0;
  state[BUFFERED] = 0;
  return decodeBytes(state.slice(0, length), encoding);
}

function isMultiByte(encoding: Encoding): boolean {
  return encoding === 'utf8' || encoding === 'utf16le' || encoding === 'base64' || encoding === 'base64url';
}

/** Completes the character that the previous chunk began, as far as this chunk goes. */
function finishCharacter(state: Uint8Array, chunk: Uint8Array, encoding: Encoding): { text: string; rest: Uint8Array } {
  const missing = state[MISSING] as number;
  if (missing === 0) return { text: '', rest: chunk };
  const taken = Math.min(missing, chunk.length);
  const broken = encoding === 'utf8' ? chunk.subarray(0, taken).findIndex((byte) => (byte & 0xc0) !== 0x80) : -1;
  const count = broken < 0 ? taken : broken;
  const buffered = state[BUFFERED] as number;
  state.set(chunk.subarray(0, count), buffered);
  state[BUFFERED] = buffered + count;
  state[MISSING] = broken < 0 ? missing - count : 0;
  const rest = chunk.subarray(count);
  if (state[MISSING] > 0) return { text: '', rest };
  const text = decodeBytes(state.slice(0, state[BUFFERED]), encoding);
  state[BUFFERED] = 0;
  return encoding === 'utf16le' ? holdHighSurrogate(state, text, rest) : { text, rest };
}

/** A high surrogate waits for its other half. */
function holdHighSurrogate(state: Uint8Array, text: string, rest: Uint8Array): { text: string; rest: Uint8Array } {
  const last = text.charCodeAt(text.length - 1);
  if ((last & 0xfc00) !== 0xd800) return { text, rest };
  state[0] = last & 255;
  state[1] = last >> 8;
  state[BUFFERED] = 2;
  state[MISSING] = 2;
  if (rest.length === 0) return { text: text.slice(0, -1), rest };
  const next = finishCharacter(state, rest, 'utf16le');
  return { text: text.slice(0, -1) + next.text, rest: next.rest };
}

/** How many last bytes belong to a character that goes on; sets how many more it needs. */
function incompleteTail(bytes: Uint8Array, encoding: Encoding, state: Uint8Array): number {
  switch (encoding) {
    case 'utf8':
      return incompleteUtf8(bytes, state);
    case 'utf16le':
      return incompleteUtf16(bytes, state);
    default: {
      const kept = bytes.length % 3;
      if (kept > 0) state[MISSING] = 3 - kept;
      return kept;
    }
  }
}

function incompleteUtf16(bytes: Uint8Array, state: Uint8Array): number {
  const isOdd = bytes.length % 2 === 1;
  if (isOdd) {
    state[MISSING] = 1;
    return 1;
  }
  if (((bytes.at(-1) as number) & 0xfc) !== 0xd8) return 0;
  state[MISSING] = 2;
  return 2;
}

function incompleteUtf8(bytes: Uint8Array, state: Uint8Array): number {
  for (let kept = 1; kept <= Math.min(4, bytes.length); kept++) {
    const byte = bytes[bytes.length - kept] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 && byte < 0xf8 ? 4 : (byte & 0xf0) === 0xe0 ? 3 : (byte & 0xe0) === 0xc0 ? 2 : 0;
    if (kept >= size) return 0;
    state[MISSING] = size - kept;
    return kept;
  }
  return 0;
}
