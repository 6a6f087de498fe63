// Content codings of a response made in a service worker: the browser decodes only what comes from its network stack.
// Runs in the preview service worker.
import { forgetBytes } from './response-head.ts';

const FORMATS: Readonly<Record<string, string>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'brotli', zstd: 'zstd' };

/** Undoes `Content-Encoding` and its headers. Throws where this browser cannot. */
export function decodeBody(body: ReadableStream<Uint8Array<ArrayBuffer>>, headers: Headers): ReadableStream<Uint8Array> {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity');
  if (applied.length === 0) return body;
  let decoded: ReadableStream<Uint8Array<ArrayBuffer>> = body;
  for (const coding of applied.toReversed()) decoded = decoded.pipeThrough(createDecoder(coding));
  forgetBytes(headers);
  return decoded;
}

function createDecoder(coding: string): DecompressionStream {
  try {
    // Newer formats are feature-detected by trying: the constructor throws a TypeError for one it does not know.
    return new DecompressionStream((FORMATS[coding] ?? coding) as CompressionFormat);
  } catch (error) {
    throw new TypeError(`the server compressed its answer with ${coding}, unasked, and this browser cannot undo that`, { cause: error });
  }
}
