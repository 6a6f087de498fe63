// The encodings of Buffer by Node's numbers and names, and the way from each to its codec. Pure.
import { decodeBase64, encodeBase64 } from './base64.ts';
import { decodeHex, encodeHex } from './hex.ts';
import { decodeAscii, decodeLatin1, decodeUtf16, decodeUtf8, encodeLatin1, encodeUtf16, encodeUtf8 } from './text.ts';

/** In the order of Node's `enum encoding`. */
const NAMES = ['ascii', 'utf8', 'base64', 'utf16le', 'latin1', 'hex', 'buffer', 'base64url'] as const;
export type Encoding = (typeof NAMES)[number];

const ALIASES: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf8',
  ucs2: 'utf16le',
  'ucs-2': 'utf16le',
  'utf-16le': 'utf16le',
  binary: 'latin1',
};

/** Anything unknown is UTF-8, as Node's `ParseEncoding` has it with that default. */
export function encodingOf(name: unknown, fallback: Encoding = 'utf8'): Encoding {
  if (typeof name === 'number') return NAMES[name] ?? fallback;
  if (typeof name !== 'string') return fallback;
  const lower = name.toLowerCase();
  return ALIASES[lower] ?? NAMES.find((known) => known === lower) ?? fallback;
}

export function encodeText(text: string, encoding: Encoding): Uint8Array {
  switch (encoding) {
    case 'utf8':
    case 'buffer':
      return encodeUtf8(text);
    case 'utf16le':
      return encodeUtf16(text);
    case 'latin1':
    case 'ascii':
      return encodeLatin1(text);
    case 'base64':
    case 'base64url':
      return decodeBase64(text);
    case 'hex':
      return decodeHex(text);
    default:
      return encoding satisfies never;
  }
}

export function decodeBytes(bytes: Uint8Array, encoding: Encoding): string {
  switch (encoding) {
    case 'utf8':
    case 'buffer':
      return decodeUtf8(bytes);
    case 'utf16le':
      return decodeUtf16(bytes);
    case 'latin1':
      return decodeLatin1(bytes);
    case 'ascii':
      return decodeAscii(bytes);
    case 'base64':
      return encodeBase64(bytes, false);
    case 'base64url':
      return encodeBase64(bytes, true);
    case 'hex':
      return encodeHex(bytes);
    default:
      return encoding satisfies never;
  }
}
