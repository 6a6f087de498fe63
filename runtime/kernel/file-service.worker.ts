// Entry of the file-service worker: owns slot 1, makes the file system, serves the SDK's file calls to the kernel by Comlink.
import { expose } from 'comlink';
import type { ErrorData, FileCall, FileSystemHandle, MountProgress, Snapshot } from '#protocol';
import { SESSION_MARKER, toErrorData, VerkletError } from '#protocol';
import type { FileSystem } from '../fs/file-system.ts';
import { compileCore } from '../fs/core.ts';
import { NPM_FILES } from '../packages/npm-cli/location.ts';
import { recoverInstall } from '../packages/transaction.ts';
import { populate } from '../fs/populate.ts';
import { SharedFileSystem } from '../fs/shared-file-system.ts';
import { PROGRAM_MAGIC, resolveProgram, type ProgramQuery, type ResolvedProgram } from '../process/exec.ts';
import { PROGRAM_NAMES } from '../shell/program-names.ts';
import { FileError } from './file-error.ts';
import { absolute, FileService } from './file-service.ts';
import { FileSync } from './file-sync.ts';
import { FILE_SERVICE_SLOT, Slots } from './ipc/slots.ts';
import { Persistence, type Restored } from './persistence/persistence.ts';
import { importZip } from './zip-import.ts';

export type FileResult =
  | { readonly value: unknown }
  | { readonly errno: { readonly code: string; readonly syscall: string; readonly path: string } }
  | { readonly error: ErrorData };

export type StoreResult<T> = { readonly value: T } | { readonly error: ErrorData };

export type WatchListener = (event: 'change' | 'rename', path: string) => void;

let fs: SharedFileSystem;
let service: FileService;
let persistence: Persistence | null = null;
const watches = new Map<number, AbortController>();

const api = {
  /** Makes and fills the file system; the handle is for every other worker. */
  async start(slots: SharedArrayBuffer): Promise<FileSystemHandle> {
    const handle = { memory: SharedFileSystem.createMemory(), core: await compileCore() };
    SharedFileSystem.format(handle);
    fs = SharedFileSystem.attach(handle, new Slots(slots, FILE_SERVICE_SLOT));
    populate(fs, PROGRAM_NAMES, PROGRAM_MAGIC, NPM_FILES);
    service = new FileService(fs);
    return handle;
  },

  async perform(call: Exclude<FileCall, { op: 'watch' | 'unwatch' }>): Promise<FileResult> {
    try {
      if (call.op === 'hashTree' || call.op === 'readFiles' || call.op === 'applyEntries') return { value: await performSync(call) };
      if (call.op === 'mountZip') return { value: await mountZip(call) };
      return { value: service.perform(call) };
    } catch (error) {
      return error instanceof FileError ? { errno: error.errno } : { error: toErrorData(error) };
    }
  },

  /** Restores the stored workspace and keeps it saved from now on. */
  async attachStore(port: MessagePort): Promise<StoreResult<Restored>> {
    const attached = (persistence = new Persistence(fs, port));
    return answering(() => attached.start());
  },

  /** Null when nothing changed since the last save, or nothing is kept. */
  save(name: string | null): Promise<StoreResult<Snapshot | null>> {
    return answering(async () => (await persistence?.save(name)) ?? null);
  },

  restore(snapshot: string): Promise<StoreResult<Restored>> {
    return answering(async () => {
      if (persistence === null) throw new VerkletError('ERR_NO_STORAGE', { reason: 'the runtime was booted without a persistenceKey' });
      return persistence.restore(snapshot);
    });
  },

  watch(watchId: number, path: string, recursive: boolean, listener: WatchListener): void {
    const controller = new AbortController();
    watches.set(watchId, controller);
    // Changes carry canonical paths: so must the place they are compared with.
    const root = fs.realpath(absolute(path));
    if (typeof root === 'string') void follow(fs, root, recursive, listener, controller.signal);
  },

  unwatch(watchId: number): void {
    watches.get(watchId)?.abort();
    watches.delete(watchId);
  },

  resolve(query: ProgramQuery): ResolvedProgram | number {
    return resolveProgram(fs, query);
  },

  isFolder(path: string): boolean {
    const stat = {} as Parameters<FileSystem['stat']>[1];
    return fs.stat(path, stat) === 0 && (stat.mode & 0o170000) === 0o040000;
  },

  /** For programs on the server whose stdio is a file here; the handle is held by this worker. */
  readHandle(handle: number, maxBytes: number): Uint8Array {
    const bytes = new Uint8Array(maxBytes);
    const count = fs.read(handle, bytes, -1);
    return bytes.slice(0, Math.max(0, count));
  },

  writeHandle(handle: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const count = fs.write(handle, bytes.subarray(done), -1);
      if (count <= 0) return; // the disk is full: the program is not here to be told
      done += count;
    }
  },

  closeHandle(handle: number): void {
    fs.close(handle);
  },

  /** Programs see by this file that a session is active. */
  setMarker(isActive: boolean): void {
    if (!isActive) {
      fs.removeAll(SESSION_MARKER);
      return;
    }
    fs.mkdirAll(SESSION_MARKER.slice(0, SESSION_MARKER.lastIndexOf('/')), 0o755);
    fs.writeFile(SESSION_MARKER, new TextEncoder().encode('active\n'), 0o644);
  },

  transferHandle(handle: number, from: number, to: number): void {
    fs.transfer(handle, from, to);
  },

  /** After the slot's worker is proven dead: undoes a half-done change or installation and frees what it held open. */
  recover(slot: number): string {
    const outcome = fs.recover(slot);
    fs.releaseSlot(slot);
    recoverInstall(fs, slot);
    return outcome;
  },
};

let sync: Promise<FileSync> | null = null;

async function performSync(call: Extract<FileCall, { op: 'hashTree' | 'readFiles' | 'applyEntries' }>): Promise<unknown> {
  const files = await (sync ??= FileSync.create(fs));
  const root = absolute(call.path);
  if (call.op === 'hashTree') return files.hashTree(root, call.exclude, call.maxFileBytes, call.cursor);
  return call.op === 'readFiles' ? files.readFiles(root, call.paths) : files.applyEntries(root, call.entries, call.contents);
}

async function mountZip({ archive, path, control }: Extract<FileCall, { op: 'mountZip' }>): Promise<MountProgress> {
  const cancelled = new AbortController();
  // The page sends one thing: that it gave the import up.
  control.onmessage = () => cancelled.abort();
  try {
    const { signal } = cancelled;
    return await importZip(fs, archive, absolute(path), { signal, onProgress: (progress) => control.postMessage(progress) });
  } finally {
    control.close();
  }
}

export type FileServiceApi = typeof api;
expose(api);

async function answering<T>(work: () => Promise<T>): Promise<StoreResult<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: toErrorData(error) };
  }
}

async function follow(files: FileSystem, root: string, recursive: boolean, listener: WatchListener, signal: AbortSignal): Promise<void> {
  let cursor = files.changeCursor();
  const prefix = root === '/' ? '/' : `${root}/`;
  while (!signal.aborted) {
    await files.waitForChange(cursor, signal);
    const { changes, cursor: next } = files.changesSince(cursor);
    cursor = next;
    for (const change of changes) {
      if (signal.aborted) return;
      if (change.kind === 'overflow') listener('rename', '');
      else if (change.path.startsWith(prefix)) {
        const path = change.path.slice(prefix.length);
        if (recursive || !path.includes('/')) listener(change.kind === 'create' || change.kind === 'remove' ? 'rename' : 'change', path);
      }
    }
  }
}
