// The `icu` binding: legacy encodings through the platform's decoder, transcoding, column widths. Runs in the process worker.
import type { BindingFactory, Realm } from '../realm.ts';
import { bytesOf, unsharedBytes } from './buffer/bytes.ts';
import { decodeBytes, encodeText, encodingOf, type Encoding } from './buffer/encodings.ts';
import { nodeError } from './buffer/node-error.ts';
import { columnsOf } from './icu/width.ts';

const NativeDecoder = TextDecoder;

const FLUSH = 1;
const FATAL = 2;
const IGNORE_BOM = 4;
/** ICU's U_ILLEGAL_ARGUMENT_ERROR. */
const ILLEGAL_ARGUMENT = 1;

const TRANSCODABLE: readonly Encoding[] = ['ascii', 'latin1', 'utf8', 'utf16le'];

class Converter {
  readonly decoder: TextDecoder;
  constructor(label: string, flags: number) {
    this.decoder = new NativeDecoder(label, { fatal: (flags & FATAL) !== 0, ignoreBOM: (flags & IGNORE_BOM) !== 0 });
  }
}

export const icu: BindingFactory = (realm, binding) => {
  binding['icuErrName'] = (code: number) =>
    code === -ILLEGAL_ARGUMENT || code === ILLEGAL_ARGUMENT ? 'U_ILLEGAL_ARGUMENT_ERROR' : `U_ERROR_${code}`;
  binding['hasConverter'] = (label: string) => converterFor(label, 0) !== undefined;
  binding['getConverter'] = converterFor;
  binding['decode'] = (converter: Converter, input: ArrayBufferView | ArrayBufferLike, flags: number, label: string): string => {
    try {
      return converter.decoder.decode(unsharedBytes(bytesOf(input)), { stream: (flags & FLUSH) === 0 });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw nodeError(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${label}`);
    }
  };
  binding['getStringWidth'] = columnsOf;
  binding['transcode'] = (source: ArrayBufferView, from: string, to: string) => transcode(realm, bytesOf(source), from, to);
};

function converterFor(label: string, flags: number): Converter | undefined {
  try {
    return new Converter(label, flags);
  } catch (error) {
    // A RangeError is the platform's way to say that it does not know the label.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A negative ICU error code where an encoding cannot take part. */
function transcode(realm: Realm, source: Uint8Array, fromName: string, toName: string): unknown {
  const from = encodingOf(fromName, 'hex');
  const to = encodingOf(toName, 'hex');
  if (!TRANSCODABLE.includes(from) || !TRANSCODABLE.includes(to)) return -ILLEGAL_ARGUMENT;
  const { FastBuffer } = realm.requireBuiltin('internal/buffer');
  const bytes = transcodeBytes(source, from, to);
  return new FastBuffer(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function transcodeBytes(source: Uint8Array, from: Encoding, to: Encoding): Uint8Array {
  const text = decodeBytes(source, from);
  if (to !== 'latin1' && to !== 'ascii') return encodeText(text, to);
  const limit = to === 'ascii' ? 128 : 256;
  // ICU substitutes a question mark for each character, not for each unit.
  return Uint8Array.from(Array.from(text), (character) => {
    const codePoint = character.codePointAt(0) as number;
    return codePoint < limit ? codePoint : 63;
  });
}
