// The part of Pyodide's Emscripten module that the system layer touches, as types. Pinned to pyodide 314.0.7.

import type { Opened } from './system/opened.ts';

/** What stands behind a descriptor: Emscripten's own stream, with our operations where we opened it. */
export interface Stream {
  fd: number | null;
  flags: number;
  position: number;
  readonly path?: string;
  readonly seekable: boolean;
  readonly node: { readonly mode: number };
  readonly stream_ops: StreamOperations;
  readonly tty?: unknown;
  /** Ours; a duplicate of the stream has the same. Absent on streams of Emscripten's own. */
  readonly opened?: Opened;
}

/** Failures are thrown as `FS.ErrnoError` with Emscripten's numbers. */
export interface StreamOperations {
  read?(stream: Stream, heap: Int8Array, offset: number, length: number, position: number): number;
  write?(stream: Stream, heap: Int8Array, offset: number, length: number, position: number): number;
  llseek?(stream: Stream, offset: number, whence: number): number;
  close?(stream: Stream): void;
  dup?(stream: Stream): void;
  mmap?(stream: Stream, length: number, position: number): { ptr: number; allocated: boolean };
  msync?(stream: Stream, buffer: Uint8Array, offset: number, length: number): number;
}

export interface EmscriptenFileSystem {
  readonly streams: (Stream | null | undefined)[];
  readonly ErrnoError: new (errno: number) => Error;
  currentPath: string;
  createStream(stream: Omit<Stream, 'fd'>, fd?: number): Stream;
  close(stream: Stream): void;
  dupStream(stream: Stream, fd?: number): Stream;
  mkdirTree(path: string): void;
  writeFile(path: string, data: string | Uint8Array): void;
}

export interface EmscriptenModule {
  readonly HEAP8: Int8Array;
  readonly HEAPU8: Uint8Array;
  readonly HEAP32: Int32Array;
  readonly FS: EmscriptenFileSystem;
  readonly API: { restoreSnapshot(snapshot: Uint8Array): unknown; readonly config: { readonly BUILD_ID: string } };
  readonly _Py_EMSCRIPTEN_SIGNAL_HANDLING: number;
  Py_EmscriptenSignalBuffer: unknown;
  instantiateWasm?: (imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) => object;
  _emscripten_resize_heap(sizeBytes: number): boolean;
  _emscripten_builtin_memalign(alignment: number, sizeBytes: number): number;
}

export type SystemCall = (...args: never[]) => unknown;
export type SystemCalls = Record<string, SystemCall>;
