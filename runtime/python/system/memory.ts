// The interpreter's memory as system calls read and write it. Views are made anew when it grows. Python worker.
import { TextDecoder, TextEncoder } from '../../process/intrinsics.ts';
import type { Stat } from '../../fs/file-system.ts';
import type { EmscriptenModule } from '../emscripten.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const BLOCK_SIZE = 4096;
const SECTOR = 512;
/** One device for the whole shared tree. */
const DEVICE = 2049;
const AF_INET = 2;

export class GuestMemory {
  readonly #module: EmscriptenModule;
  #view: DataView<ArrayBuffer>;

  constructor(module: EmscriptenModule) {
    this.#module = module;
    this.#view = new DataView(new ArrayBuffer(0));
  }

  get bytes(): Uint8Array {
    return this.#module.HEAPU8;
  }

  get view(): DataView {
    const { buffer } = this.#module.HEAPU8;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer as ArrayBuffer);
    return this.#view;
  }

  range(pointer: number, length: number): Uint8Array {
    return this.bytes.subarray(pointer >>> 0, (pointer >>> 0) + length);
  }

  int(pointer: number): number {
    return this.view.getInt32(pointer >>> 0, true);
  }

  setInt(pointer: number, value: number): void {
    this.view.setInt32(pointer >>> 0, value, true);
  }

  text(pointer: number): string {
    const start = pointer >>> 0;
    const end = this.bytes.indexOf(0, start);
    return decoder.decode(this.bytes.subarray(start, end));
  }

  /** Writes text and a zero; the byte count with the zero, or 0 when it does not fit. */
  setText(pointer: number, text: string, limit: number): number {
    const encoded = encoder.encode(text);
    if (encoded.length + 1 > limit) return 0;
    this.bytes.set(encoded, pointer >>> 0);
    this.bytes[(pointer >>> 0) + encoded.length] = 0;
    return encoded.length + 1;
  }

  /** `struct stat` as Emscripten's libc lays it out. */
  setStat(pointer: number, stat: Stat): void {
    const { view } = this;
    const at = pointer >>> 0;
    view.setUint32(at, DEVICE, true);
    view.setUint32(at + 4, stat.mode, true);
    view.setUint32(at + 8, stat.nlink, true);
    view.setUint32(at + 12, stat.uid, true);
    view.setUint32(at + 16, stat.gid, true);
    view.setUint32(at + 20, stat.rdev, true);
    view.setBigInt64(at + 24, BigInt(stat.size), true);
    view.setInt32(at + 32, BLOCK_SIZE, true);
    view.setInt32(at + 36, Math.ceil(stat.size / SECTOR), true);
    this.#setTime(at + 40, stat.atimeSec, stat.atimeNsec);
    this.#setTime(at + 56, stat.mtimeSec, stat.mtimeNsec);
    this.#setTime(at + 72, stat.ctimeSec, stat.ctimeNsec);
    view.setBigInt64(at + 88, BigInt(stat.ino), true);
  }

  /** A `sockaddr_in`; IPv6 addresses of the loopback are told as IPv4. */
  setAddress(pointer: number, lengthPointer: number, address: string, port: number): void {
    if (pointer === 0) return;
    const at = pointer >>> 0;
    this.bytes.fill(0, at, at + 16);
    this.view.setUint16(at, AF_INET, true);
    this.view.setUint16(at + 2, port, false);
    for (const [index, part] of address.split('.').entries()) this.bytes[at + 4 + index] = Number(part);
    if (lengthPointer !== 0) this.setInt(lengthPointer, 16);
  }

  /** Address and port of a `sockaddr_in` or `sockaddr_in6`; null for other families. */
  address(pointer: number): { readonly host: string; readonly port: number } | null {
    const at = pointer >>> 0;
    const family = this.view.getUint16(at, true);
    const port = this.view.getUint16(at + 2, false);
    if (family === AF_INET) return { host: [...this.bytes.subarray(at + 4, at + 8)].join('.'), port };
    return family === 10 ? { host: '::1', port } : null;
  }

  #setTime(at: number, seconds: number, nanoseconds: number): void {
    this.view.setBigInt64(at, BigInt(Math.floor(seconds)), true);
    this.view.setUint32(at + 8, nanoseconds, true);
  }
}
