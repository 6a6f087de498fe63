// SQLite's files on the shared file system. Connections of one process share locks by level, as SQLite defines them; processes
// exclude each other by a lock file beside the database, which names its holder so that a dead one's is removed.
import type { Realm } from '../../realm.ts';
import { emptyStat } from '../fs/stat-values.ts';
import { ENOENT } from '../stream-base/errno.ts';
import type { WasmMemory } from '../wasm-module.ts';

const OPEN = { readOnly: 1, create: 4, exclusive: 0x10, deleteOnClose: 8 } as const;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const FILE_MODE = 0o644;

const SQLITE_OK = 0;
const SQLITE_BUSY = 5;
const SQLITE_IOERR_DELETE = 2570;
const SQLITE_IOERR_DELETE_NOENT = 5898;

const LOCK = { none: 0, shared: 1, reserved: 2, pending: 3, exclusive: 4 } as const;

interface OpenFile {
  readonly handle: number;
  readonly path: string;
  readonly isDeletedOnClose: boolean;
  level: number;
}

const encoder = new TextEncoder();

export class SqliteFiles {
  readonly #realm: Realm;
  readonly #memory: () => WasmMemory;
  readonly #open = new Map<number, OpenFile>();
  #nextTemporary = 1;

  constructor(realm: Realm, memory: () => WasmMemory) {
    this.#realm = realm;
    this.#memory = memory;
  }

  /** The imports of the artifact that are about files. */
  imports(): Record<string, (...args: never[]) => unknown> {
    return {
      open: (path: number, flags: number) => this.#openFile(path === 0 ? null : this.#memory().text(path), flags),
      close: (file: number) => this.#close(file),
      read: (file: number, into: number, size: number, offset: bigint) =>
        this.#fs.read(file, this.#memory().bytes.subarray(into, into + size), Number(offset)),
      write: (file: number, from: number, size: number, offset: bigint) =>
        this.#fs.write(file, this.#memory().bytes.subarray(from, from + size), Number(offset)),
      truncate: (file: number, size: bigint) => this.#fs.ftruncate(file, Number(size)),
      size: (file: number) => BigInt(this.#size(file)),
      lock: (file: number, level: number) => this.#lock(file, level),
      unlock: (file: number, level: number) => this.#unlock(file, level),
      isReserved: (file: number) => (this.#others(file).some(({ level }) => level >= LOCK.reserved) ? 1 : 0),
      remove: (path: number) => this.#remove(this.#memory().text(path)),
      access: (path: number) => (this.#fs.access(this.#memory().text(path), 0) === 0 ? 1 : 0),
      fullPath: (path: number, out: number, size: number) => this.#fullPath(this.#memory().text(path), out, size),
    };
  }

  get #fs(): Realm['host']['fs'] {
    return this.#realm.host.fs;
  }

  #openFile(path: string | null, flags: number): number {
    const name = path ?? `/tmp/sqlite-${this.#realm.host.pid}-${this.#nextTemporary++}`;
    let mode = flags & OPEN.readOnly ? 0 : O_RDWR;
    if (flags & OPEN.create) mode |= O_CREAT;
    if (flags & OPEN.exclusive) mode |= O_EXCL;
    const handle = this.#fs.open(name, mode, FILE_MODE);
    if (handle < 0) return handle;
    this.#open.set(handle, { handle, path: name, isDeletedOnClose: (flags & OPEN.deleteOnClose) !== 0, level: LOCK.none });
    return handle;
  }

  #close(file: number): void {
    this.#unlock(file, LOCK.none);
    const opened = this.#open.get(file);
    this.#open.delete(file);
    this.#fs.close(file);
    if (opened?.isDeletedOnClose === true) this.#fs.unlink(opened.path);
  }

  #size(file: number): number {
    const stat = emptyStat();
    return this.#fs.fstat(file, stat) === 0 ? stat.size : -1;
  }

  #remove(path: string): number {
    const result = this.#fs.unlink(path);
    if (result === 0) return SQLITE_OK;
    return result === ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  }

  #fullPath(path: string, out: number, size: number): number {
    const bytes = encoder.encode(`${this.#realm.resolvePath(path)}\0`);
    if (bytes.length > size) return 1;
    this.#memory().bytes.set(bytes, out);
    return SQLITE_OK;
  }

  /** Other connections of this process to the same database. */
  #others(file: number): OpenFile[] {
    const path = this.#open.get(file)?.path;
    return [...this.#open.values()].filter((other) => other.handle !== file && other.path === path);
  }

  #lock(file: number, level: number): number {
    const own = this.#open.get(file);
    if (own === undefined || own.level >= level) return SQLITE_OK;
    const others = this.#others(file);
    const highest = Math.max(LOCK.none, ...others.map((other) => other.level));
    if (level === LOCK.shared && highest >= LOCK.pending) return SQLITE_BUSY;
    if (level === LOCK.reserved && highest >= LOCK.reserved) return SQLITE_BUSY;
    if (level === LOCK.exclusive && highest >= LOCK.shared) {
      own.level = Math.max(own.level, LOCK.pending);
      return SQLITE_BUSY;
    }
    if (own.level === LOCK.none && highest === LOCK.none && !this.#takeLockFile(own.path)) return SQLITE_BUSY;
    own.level = level;
    return SQLITE_OK;
  }

  #unlock(file: number, level: number): void {
    const own = this.#open.get(file);
    if (own === undefined || own.level <= level) return;
    own.level = level;
    if (level === LOCK.none && this.#others(file).every((other) => other.level === LOCK.none)) this.#fs.unlink(lockFileOf(own.path));
  }

  #takeLockFile(path: string): boolean {
    const lockFile = lockFileOf(path);
    if (this.#createLockFile(lockFile)) return true;
    const holder = this.#fs.readFile(lockFile);
    if (typeof holder !== 'number' && this.#isAlive(Number(new TextDecoder().decode(new Uint8Array(holder))))) return false;
    this.#fs.unlink(lockFile);
    return this.#createLockFile(lockFile);
  }

  #createLockFile(lockFile: string): boolean {
    const handle = this.#fs.open(lockFile, O_RDWR | O_CREAT | O_EXCL, FILE_MODE);
    if (handle < 0) return false;
    this.#fs.write(handle, encoder.encode(String(this.#realm.host.pid)), 0);
    this.#fs.close(handle);
    return true;
  }

  #isAlive(pid: number): boolean {
    if (pid === this.#realm.host.pid || !Number.isInteger(pid) || pid <= 0) return false;
    return this.#realm.host.callSync({ type: 'kill', pid, signal: 0 }) === 0;
  }
}

function lockFileOf(path: string): string {
  return `${path}-lock`;
}
