// The parts of pako's zlib port that we call; its published types cover the top level only.
interface PakoStream {
  input: Uint8Array;
  next_in: number;
  avail_in: number;
  output: Uint8Array;
  next_out: number;
  avail_out: number;
  msg: string;
}
declare module 'pako/lib/zlib/zstream.js' {
  export default class ZStream implements PakoStream {
    input: Uint8Array;
    next_in: number;
    avail_in: number;
    output: Uint8Array;
    next_out: number;
    avail_out: number;
    msg: string;
  }
}
declare module 'pako/lib/zlib/deflate.js' {
  export function deflateInit2(
    stream: PakoStream,
    level: number,
    method: number,
    windowBits: number,
    memoryLevel: number,
    strategy: number,
  ): number;
  export function deflateSetDictionary(stream: PakoStream, dictionary: Uint8Array): number;
  export function deflate(stream: PakoStream, flush: number): number;
}
declare module 'pako/lib/zlib/inflate.js' {
  export function inflateInit2(stream: PakoStream, windowBits: number): number;
  export function inflateSetDictionary(stream: PakoStream, dictionary: Uint8Array): number;
  export function inflateReset(stream: PakoStream): number;
  export function inflate(stream: PakoStream, flush: number): number;
}
