// The guest's file descriptors: streams of the process, preopened folders, files it opened. Paths stay below their folder.
import type { FileSystem, Stat } from '../../../fs/file-system.ts';
import { WASI } from './errno.ts';

export const FILE_TYPE = { UNKNOWN: 0, BLOCK: 1, CHARACTER: 2, FOLDER: 3, FILE: 4, STREAM: 6, LINK: 7 } as const;

const S_IFMT = 0o170000;
const TYPES: Readonly<Record<number, number>> = {
  0o060000: FILE_TYPE.BLOCK,
  0o020000: FILE_TYPE.CHARACTER,
  0o040000: FILE_TYPE.FOLDER,
  0o100000: FILE_TYPE.FILE,
  0o010000: FILE_TYPE.UNKNOWN,
  0o140000: FILE_TYPE.STREAM,
  0o120000: FILE_TYPE.LINK,
};

export interface GuestDescriptor {
  readonly kind: 'stream' | 'folder' | 'file';
  /** A stream's number in the process; a file's or folder's handle in the file system. */
  readonly handle: number;
  /** Real path; empty for streams. */
  readonly path: string;
  /** What the guest calls a preopened folder. */
  readonly preopenName: string | null;
  flags: number;
  rights: bigint;
  inheritedRights: bigint;
  position: number;
}

export function fileType(mode: number): number {
  return TYPES[mode & S_IFMT] ?? FILE_TYPE.UNKNOWN;
}

export class GuestDescriptors {
  readonly #fs: FileSystem;
  readonly #open = new Map<number, GuestDescriptor>();

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  get(fd: number): GuestDescriptor | undefined {
    return this.#open.get(fd);
  }

  set(fd: number, descriptor: GuestDescriptor): void {
    this.#open.set(fd, descriptor);
  }

  /** Takes the lowest free number. */
  add(descriptor: GuestDescriptor): number {
    let fd = 0;
    while (this.#open.has(fd)) fd++;
    this.#open.set(fd, descriptor);
    return fd;
  }

  close(fd: number): number {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) return WASI.BADF;
    this.#open.delete(fd);
    if (descriptor.kind !== 'stream') this.#fs.close(descriptor.handle);
    return WASI.SUCCESS;
  }

  renumber(from: number, to: number): number {
    const descriptor = this.#open.get(from);
    if (descriptor === undefined || !this.#open.has(to)) return WASI.BADF;
    if (from === to) return WASI.SUCCESS;
    this.close(to);
    this.#open.delete(from);
    this.#open.set(to, descriptor);
    return WASI.SUCCESS;
  }

  /** The real path of `path` below the folder `fd`, or a WASI error: what leaves the folder is not permitted. */
  resolve(fd: number, path: string, followsLink: boolean): string | number {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) return WASI.BADF;
    if (descriptor.kind !== 'folder') return WASI.NOTDIR;
    if (path.startsWith('/')) return WASI.NOTCAPABLE;
    const parts: string[] = [];
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      if (part !== '..') parts.push(part);
      else if (parts.pop() === undefined) return WASI.NOTCAPABLE;
    }
    const base = descriptor.path === '/' ? '' : descriptor.path;
    const full = parts.length === 0 ? descriptor.path : `${base}/${parts.join('/')}`;
    return base === '' || this.#staysBelow(base, full, followsLink) ? full : WASI.NOTCAPABLE;
  }

  #staysBelow(base: string, full: string, followsLink: boolean): boolean {
    const parent = full.slice(0, full.lastIndexOf('/'));
    for (const path of followsLink ? [full, parent] : [parent]) {
      const real = this.#fs.realpath(path);
      if (typeof real === 'string') return real === base || real.startsWith(`${base}/`) || !path.startsWith(base);
    }
    // It is not there: a dangling link may still lead out.
    const stat = {} as Stat;
    const target = followsLink && this.#fs.lstat(full, stat) === 0 ? this.#fs.readlink(full) : '';
    return typeof target !== 'string' || !target.startsWith('/');
  }
}
