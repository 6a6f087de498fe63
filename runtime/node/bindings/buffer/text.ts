// Strings to bytes and back in the encodings that keep characters: utf8, latin1, ascii, utf16le. Pure.
import { unsharedBytes } from './bytes.ts';

// Made once, when the worker loads: user code may replace the globals later.
const encoder = new TextEncoder();
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });

/** Below this a loop beats the call into the platform's decoder. */
const SHORT = 24;
/** Arguments per `String.fromCharCode` call: well below any engine's limit. */
const CHUNK = 8192;

export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length < SHORT) {
    let text = '';
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte > 127) return utf8.decode(unsharedBytes(bytes));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return utf8.decode(unsharedBytes(bytes));
}

export function decodeLatin1(bytes: Uint8Array): string {
  // The platform's "latin1" is windows-1252; widening to UTF-16 is exact.
  return bytes.length < SHORT ? String.fromCharCode(...bytes) : utf16.decode(new Uint16Array(bytes));
}

export function decodeAscii(bytes: Uint8Array): string {
  return decodeLatin1(bytes.map((byte) => byte & 127));
}

/** Lone surrogates survive, which the platform's decoder would replace. An odd last byte is dropped. */
export function decodeUtf16(bytes: Uint8Array): string {
  const even = bytes.slice(0, bytes.length & ~1);
  const units = new Uint16Array(even.buffer, 0, even.length / 2);
  let text = '';
  for (let i = 0; i < units.length; i += CHUNK) text += String.fromCharCode(...units.subarray(i, i + CHUNK));
  return text;
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

export function encodeLatin1(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

export function encodeUtf16(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    out[i * 2] = code;
    out[i * 2 + 1] = code >> 8;
  }
  return out;
}

/** Bytes of the UTF-8 form; a lone surrogate counts as the three bytes of U+FFFD. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    length += code < 0x800 ? 1 : 2;
    const isPair = (code & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    // Both halves of a pair make four bytes: two units plus two.
    if (isPair) i++;
  }
  return length;
}

/** Writes whole characters only; returns the bytes written. */
export function writeUtf8(text: string, into: Uint8Array): number {
  if (into.buffer instanceof ArrayBuffer && !into.buffer.resizable) return encoder.encodeInto(text, into).written;
  const bytes = encoder.encode(text);
  let length = Math.min(bytes.length, into.length);
  while (length < bytes.length && length > 0 && ((bytes[length] as number) & 0xc0) === 0x80) length--;
  into.set(bytes.subarray(0, length));
  return length;
}
