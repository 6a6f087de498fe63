// The `encoding_binding` binding: TextEncoder and the fast paths of TextDecoder. Runs in the process worker.
import { TextDecoder, TextEncoder } from '../../process/intrinsics.ts';
import type { BindingFactory } from '../realm.ts';
import { bytesOf, unsharedBytes } from './buffer/bytes.ts';
import { nodeError } from './buffer/node-error.ts';
import { encodeUtf8, writeUtf8 } from './buffer/text.ts';
import { domainToAscii, domainToUnicode } from './url/domain.ts';

type Bytes = ArrayBufferView | ArrayBufferLike;

const encoder = new TextEncoder();
const windows1252 = new TextDecoder('windows-1252');

export const encodingBinding: BindingFactory = (realm, binding) => {
  const results = (binding['encodeIntoResults'] ??= new Uint32Array(2)) as Uint32Array;
  binding['encodeUtf8String'] = encodeUtf8;
  binding['encodeInto'] = (text: string, into: Uint8Array): void => {
    if (into.buffer instanceof ArrayBuffer) {
      const { read, written } = encoder.encodeInto(text, bytesOf(into));
      results.set([read, written]);
    } else {
      const bytes = bytesOf(into);
      const written = writeUtf8(text, bytes);
      results.set([charactersIn(bytes.subarray(0, written)), written]);
    }
  };
  binding['decodeUTF8'] = (input: Bytes, ignoreBOM: boolean, fatal: boolean): string => {
    if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer || input instanceof SharedArrayBuffer)
      return decodeWhole(input, ignoreBOM, fatal);
    const { ERR_INVALID_ARG_TYPE } = realm.requireBuiltin('internal/errors')['codes'];
    throw new ERR_INVALID_ARG_TYPE('list', ['SharedArrayBuffer', 'ArrayBuffer', 'ArrayBufferView'], input);
  };
  binding['decodeLatin1'] = (input: Bytes): string => windows1252.decode(unsharedBytes(bytesOf(input)));
  binding['toASCII'] = domainToAscii;
  binding['toUnicode'] = domainToUnicode;
};

const decoders = new Map<number, TextDecoder>();

function decodeWhole(input: Bytes, ignoreBOM: boolean, fatal: boolean): string {
  const key = Number(Boolean(ignoreBOM)) | (Number(Boolean(fatal)) << 1);
  let decoder = decoders.get(key);
  if (decoder === undefined)
    decoders.set(key, (decoder = new TextDecoder('utf-8', { ignoreBOM: Boolean(ignoreBOM), fatal: Boolean(fatal) })));
  try {
    return decoder.decode(unsharedBytes(bytesOf(input)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw nodeError(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', 'The encoded data was not valid for encoding utf-8');
  }
}

/** UTF-16 units that these UTF-8 bytes came from. */
function charactersIn(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + ((byte & 0xc0) === 0x80 ? 0 : byte >= 0xf0 ? 2 : 1), 0);
}
