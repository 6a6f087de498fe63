// Unpacks a zip archive piece by piece: neither the archive nor a large file of it is in memory as a whole. Everything goes to
// a folder aside first and is moved into place at the end, so that a bad archive leaves nothing. File-service worker.
import { Inflate } from 'fflate';
import { createCRC32, type IHasher } from 'hash-wasm';
import { VerkletError, type MountProgress } from '#protocol';
import type { FileSystem, Stat } from '../fs/file-system.ts';
import { FileError } from './file-error.ts';
import { DEFLATED, readZipDirectory, refuse, type ZipEntry } from './zip-directory.ts';

/** Small files are many: one reading serves hundreds of them. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const PIECE_BYTES = 512 * 1024;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const O_CREATE = 0o1101; // with O_WRONLY and O_TRUNC
const FOLDER_MODE = 0o755;
const EISDIR = -21;
const ENOTDIR = -20;
const EEXIST = -17;

export interface ImportOptions {
  readonly signal: AbortSignal;
  onProgress(progress: MountProgress): void;
}

let lastImport = 0;

/** What came in. Rejects with `ERR_BAD_ARCHIVE`, `ERR_ABORTED` or a {@link FileError}; nothing was written then. */
export async function importZip(fs: FileSystem, archive: Blob, folder: string, options: ImportOptions): Promise<MountProgress> {
  const { entries, sizeBytes } = await readZipDirectory(archive);
  const aside = `/tmp/.import-${++lastImport}`;
  const unpacker = new Unpacker(fs, new Window(archive), await createCRC32(), aside);
  const totalFiles = entries.filter(({ isFolder }) => !isFolder).length;
  let files = 0;
  try {
    check(fs.mkdirAll(aside, FOLDER_MODE), 'mkdir', aside);
    for (const entry of entries) {
      if (options.signal.aborted) throw new VerkletError('ERR_ABORTED', { what: 'The import' });
      if (entry.isFolder) continue;
      await unpacker.unpack(entry, (doneBytes) => options.onProgress({ files, totalFiles, sizeBytes: doneBytes, totalBytes: sizeBytes }));
      files++;
    }
    moveIntoPlace(fs, aside, folder, entries);
    return { files, totalFiles, sizeBytes, totalBytes: sizeBytes };
  } finally {
    fs.removeAll(aside);
  }
}

class Unpacker {
  readonly #fs: FileSystem;
  readonly #window: Window;
  readonly #crc: IHasher;
  readonly #folder: string;
  readonly #made = new Set<string>();
  #doneBytes = 0;
  #toldAtMs = 0;

  constructor(fs: FileSystem, window: Window, crc: IHasher, folder: string) {
    this.#fs = fs;
    this.#window = window;
    this.#crc = crc;
    this.#folder = folder;
  }

  async unpack(entry: ZipEntry, onProgress: (doneBytes: number) => void): Promise<void> {
    const target = `${this.#folder}/${entry.path}`;
    const parent = target.slice(0, target.lastIndexOf('/'));
    if (!this.#made.has(parent)) check(this.#fs.mkdirAll(parent, FOLDER_MODE), 'mkdir', parent);
    this.#made.add(parent);
    const handle = check(this.#fs.open(target, O_CREATE, entry.mode), 'open', target);
    let sizeBytes = 0;
    this.#crc.init();
    const take = (bytes: Uint8Array): void => {
      sizeBytes += bytes.length;
      if (sizeBytes > entry.sizeBytes) refuse(`${entry.path} is larger than the archive says`);
      this.#crc.update(bytes);
      for (let done = 0; done < bytes.length;) done += check(this.#fs.write(handle, bytes.subarray(done), -1), 'write', target);
      this.#doneBytes += bytes.length;
    };
    try {
      const sink = entry.method === DEFLATED ? inflater(entry, take) : take;
      for await (const piece of this.#pieces(entry)) {
        sink(piece);
        this.#tell(onProgress);
      }
    } finally {
      this.#fs.close(handle);
    }
    if (sizeBytes !== entry.sizeBytes) refuse(`${entry.path} is smaller than the archive says`);
    if (Number.parseInt(this.#crc.digest('hex'), 16) !== entry.crc) refuse(`${entry.path} is damaged`);
  }

  /** The packed content: what follows the header in front of it. */
  async *#pieces(entry: ZipEntry): AsyncGenerator<Uint8Array> {
    const header = await this.#window.read(entry.offset, LOCAL_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (header.length < LOCAL_BYTES || view.getUint32(0, true) !== LOCAL) refuse(`${entry.path} is not where the archive says`);
    const start = entry.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
    for (let at = 0; at < entry.packedBytes; at += PIECE_BYTES) {
      const piece = await this.#window.read(start + at, Math.min(PIECE_BYTES, entry.packedBytes - at));
      if (piece.length === 0) refuse(`${entry.path} is cut off`);
      yield piece;
    }
  }

  #tell(onProgress: (doneBytes: number) => void): void {
    const now = performance.now();
    if (now - this.#toldAtMs < 100) return;
    this.#toldAtMs = now;
    onProgress(this.#doneBytes);
  }
}

function inflater({ path, packedBytes }: ZipEntry, take: (bytes: Uint8Array) => void): (piece: Uint8Array) => void {
  const inflate = new Inflate(take);
  let left = packedBytes;
  return (piece) => {
    left -= piece.length;
    try {
      inflate.push(piece, left <= 0);
    } catch (error) {
      // fflate's own errors are about the data; ours passed through it.
      if (error instanceof VerkletError || error instanceof FileError) throw error;
      refuse(`${path} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

/** Looks first whether all of it can be moved: then it is moved without a pause in between. */
function moveIntoPlace(fs: FileSystem, aside: string, folder: string, entries: readonly ZipEntry[]): void {
  const stat = {} as Stat;
  const kindOf = (path: string): 'folder' | 'other' | 'none' =>
    fs.stat(path, stat) < 0 ? 'none' : (stat.mode & S_IFMT) === S_IFDIR ? 'folder' : 'other';
  const folders = new Set([folder]);
  for (const { path, isFolder } of entries) {
    const target = `${folder}/${path}`;
    if (isFolder) folders.add(target);
    else if (kindOf(target) === 'folder') throw new FileError(EISDIR, 'rename', target);
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(`${folder}/${path.slice(0, at)}`);
  }
  for (const path of folders) if (kindOf(path) === 'other') throw new FileError(ENOTDIR, 'mkdir', path);
  for (const path of folders) check(fs.mkdirAll(path, FOLDER_MODE), 'mkdir', path);
  for (const { path, isFolder } of entries) if (!isFolder) check(fs.rename(`${aside}/${path}`, `${folder}/${path}`), 'rename', path);
}

/** Reads of an archive in its order, in large pieces. */
class Window {
  readonly #archive: Blob;
  #bytes = new Uint8Array();
  #start = 0;

  constructor(archive: Blob) {
    this.#archive = archive;
  }

  /** Fewer bytes at the end of the archive. */
  async read(offset: number, sizeBytes: number): Promise<Uint8Array> {
    const from = offset - this.#start;
    if (from >= 0 && from + sizeBytes <= this.#bytes.length) return this.#bytes.subarray(from, from + sizeBytes);
    this.#start = offset;
    this.#bytes = new Uint8Array(await this.#archive.slice(offset, offset + Math.max(WINDOW_BYTES, sizeBytes)).arrayBuffer());
    return this.#bytes.subarray(0, sizeBytes);
  }
}

function check(result: number | string, syscall: string, path: string): number {
  if (typeof result === 'string') return 0;
  if (result < 0 && !(syscall === 'mkdir' && result === EEXIST)) throw new FileError(result, syscall, path);
  return result;
}
