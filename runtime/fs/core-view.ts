// Typed views of the core's memory, and reads of inodes and names out of it. Views follow the memory when any worker grows it.
import type { CoreExports } from './core-exports.ts';
import type { Dirent, Stat } from './file-system.ts';
import { DENTRY_NAME, dentryWord, ENAMETOOLONG, inodeTime, inodeWord, MAX_PATH_BYTES, ROOT, S_IFMT } from './layout.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const SLASH = 47;
const FIRST_NON_ASCII = 128;
const MAX_DEPTH = 4096;

/** Thrown while reading something that another worker changes: the caller tries again. */
export class TornRead extends Error {}

export class CoreView {
  readonly scratch: number;
  bytes!: Uint8Array;
  words!: Uint32Array;
  signed!: Int32Array;
  times!: Float64Array;
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory, core: CoreExports, slot: number) {
    this.#memory = memory;
    this.scratch = core.attach(slot) >>> 0;
    this.refresh();
  }

  /** New views of the whole memory; growing by nothing makes the engine look at what others grew. */
  refresh(): void {
    this.#memory.grow(0);
    const { buffer } = this.#memory;
    if ((this.bytes as Uint8Array | undefined)?.byteLength === buffer.byteLength) return;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.signed = new Int32Array(buffer);
    this.times = new Float64Array(buffer);
  }

  /** The word at a byte address. */
  word(address: number): number {
    const value = this.words[address >>> 2];
    if (value !== undefined) return value;
    this.refresh();
    const grown = this.words[address >>> 2];
    if (grown === undefined) throw new TornRead();
    return grown;
  }

  inode(address: number, field: keyof typeof inodeWord): number {
    return this.word(address + inodeWord[field] * 4);
  }

  /** A view of file bytes, valid until something else runs. */
  range(address: number, length: number): Uint8Array {
    if (address + length > this.bytes.byteLength) this.refresh();
    if (address + length > this.bytes.byteLength) throw new TornRead();
    return this.bytes.subarray(address, address + length);
  }

  /** Stores a path where the core reads it. Returns its length in bytes, or -ENAMETOOLONG. */
  writePath(path: string, offset = 0): number {
    const start = this.scratch + offset;
    const { length } = path;
    if (length > MAX_PATH_BYTES) return ENAMETOOLONG;
    for (let index = 0; index < length; index++) {
      const code = path.charCodeAt(index);
      if (code >= FIRST_NON_ASCII) return this.#writeUtf8(path, start);
      this.bytes[start + index] = code;
    }
    return length;
  }

  /** UTF-8 bytes as text; copied out first, since decoders refuse shared memory. */
  text(address: number, length: number): string {
    const source = this.range(address, length);
    let text = '';
    for (let index = 0; index < length; index++) {
      const code = source[index] ?? 0;
      if (code >= FIRST_NON_ASCII) return decoder.decode(source.slice());
      text += String.fromCharCode(code);
    }
    return text;
  }

  stat(inode: number, out: Stat): void {
    const word = inode >>> 2;
    if (word + 32 > this.words.length) this.refresh();
    const { words, times } = this;
    const time = inode >>> 3;
    out.ino = words[word + inodeWord.ino] as number;
    out.mode = words[word + inodeWord.mode] as number;
    out.nlink = words[word + inodeWord.nlink] as number;
    out.uid = words[word + inodeWord.uid] as number;
    out.gid = words[word + inodeWord.gid] as number;
    out.size = words[word + inodeWord.size] as number;
    out.rdev = words[word + inodeWord.rdev] as number;
    out.atimeSec = times[time + inodeTime.atime] as number;
    out.mtimeSec = times[time + inodeTime.mtime] as number;
    out.ctimeSec = times[time + inodeTime.ctime] as number;
    out.birthtimeSec = times[time + inodeTime.birth] as number;
    out.atimeNsec = words[word + inodeWord.nsec] as number;
    out.mtimeNsec = words[word + inodeWord.nsec + 1] as number;
    out.ctimeNsec = words[word + inodeWord.nsec + 2] as number;
    out.birthtimeNsec = words[word + inodeWord.nsec + 3] as number;
  }

  /** Names in a folder, in the order they were made. */
  entries(folder: number): Dirent[] {
    const entries: Dirent[] = [];
    const limit = this.inode(folder, 'children');
    for (let dentry = this.inode(folder, 'first'); dentry !== 0; dentry = this.dentry(dentry, 'next')) {
      if (entries.length > limit) throw new TornRead();
      const child = this.dentry(dentry, 'child');
      entries.push({ name: this.nameOf(dentry), ino: this.inode(child, 'ino'), type: this.inode(child, 'mode') & S_IFMT });
    }
    return entries;
  }

  dentry(address: number, field: keyof typeof dentryWord): number {
    return this.word(address + dentryWord[field] * 4);
  }

  nameOf(dentry: number): string {
    const length = this.dentry(dentry, 'length');
    if (length > 255) throw new TornRead();
    return this.text(dentry + DENTRY_NAME, length);
  }

  /** The path of an inode by one of its names; `null` when it has none any more. */
  pathOf(inode: number): string | null {
    const root = this.word(ROOT);
    let path = '';
    for (let depth = 0, at = inode; at !== root; depth++) {
      const dentry = this.inode(at, 'dentry');
      if (dentry === 0 || depth > MAX_DEPTH) return null;
      path = `/${this.nameOf(dentry)}${path}`;
      at = this.dentry(dentry, 'parent');
    }
    return path === '' ? '/' : path;
  }

  #writeUtf8(path: string, start: number): number {
    const encoded = encoder.encode(path);
    if (encoded.length > MAX_PATH_BYTES) return ENAMETOOLONG;
    this.bytes.set(encoded, start);
    return encoded.length;
  }
}

/** `/a/b/` into `/a/b`; the root stays. */
export function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === SLASH) end--;
  return path.slice(0, end);
}
