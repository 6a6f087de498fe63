// The files of a workspace, over the control port. Page side.
import type { DirentData, FileCall, FileTree, MountProgress, StatData } from '#protocol';
import type { DirectoryEntry, MountOptions, RuntimeFiles, Stat, WatchEvent } from './api.ts';
import type { KernelChannel } from './kernel-channel.ts';

const WORKSPACE = '/workdir';

export class WorkspaceFiles implements RuntimeFiles {
  readonly #kernel: KernelChannel;
  readonly #watches = new Map<number, (event: WatchEvent) => void>();
  #lastWatch = 0;

  constructor(kernel: KernelChannel) {
    this.#kernel = kernel;
  }

  /** For the runtime: a watched path changed. */
  deliverChange(watchId: number, event: WatchEvent): void {
    this.#watches.get(watchId)?.(event);
  }

  readFile(path: string): Promise<Uint8Array>;
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  async readFile(path: string, encoding?: 'utf8'): Promise<Uint8Array | string> {
    const bytes = await this.#call<Uint8Array>({ op: 'readFile', path });
    return encoding === undefined ? bytes : new TextDecoder().decode(bytes);
  }

  writeFile(
    path: string,
    content: string | Uint8Array,
    options: { readonly mode?: number; readonly flag?: 'w' | 'a' | 'wx' } = {},
  ): Promise<void> {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return this.#call({ op: 'writeFile', path, bytes, ...options });
  }

  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { readonly withFileTypes: true; readonly recursive?: boolean }): Promise<DirectoryEntry[]>;
  async readdir(
    path: string,
    options?: { readonly withFileTypes: true; readonly recursive?: boolean },
  ): Promise<string[] | DirectoryEntry[]> {
    const entries = await this.#call<DirentData[]>({ op: 'readdir', path, recursive: options?.recursive ?? false });
    return options === undefined ? entries.map(({ name }) => name) : entries.map((entry) => ({ ...entry, ...predicates(entry.type) }));
  }

  mkdir(path: string, { recursive = false }: { readonly recursive?: boolean } = {}): Promise<void> {
    return this.#call({ op: 'mkdir', path, recursive });
  }

  rm(path: string, { recursive = false, force = false }: { readonly recursive?: boolean; readonly force?: boolean } = {}): Promise<void> {
    return this.#call({ op: 'rm', path, recursive, force });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call({ op: 'rename', from, to });
  }

  cp(from: string, to: string, { recursive = false }: { readonly recursive?: boolean } = {}): Promise<void> {
    return this.#call({ op: 'cp', from, to, recursive });
  }

  stat(path: string): Promise<Stat> {
    return this.#stat('stat', path);
  }

  lstat(path: string): Promise<Stat> {
    return this.#stat('lstat', path);
  }

  readlink(path: string): Promise<string> {
    return this.#call({ op: 'readlink', path });
  }

  realpath(path: string): Promise<string> {
    return this.#call({ op: 'realpath', path });
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#call({ op: 'symlink', target, path });
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#call({ op: 'chmod', path, mode });
  }

  utimes(path: string, atimeMs: number, mtimeMs: number): Promise<void> {
    return this.#call({ op: 'utimes', path, atimeMs, mtimeMs });
  }

  async watch(
    path: string,
    options: { readonly recursive?: boolean; readonly signal: AbortSignal },
    listener: (event: WatchEvent) => void,
  ): Promise<void> {
    const { recursive = false, signal } = options;
    if (signal.aborted) return;
    const watchId = ++this.#lastWatch;
    this.#watches.set(watchId, listener);
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    await this.#call({ op: 'watch', watchId, path, recursive });
    await ended.promise;
    this.#watches.delete(watchId);
    await this.#call({ op: 'unwatch', watchId });
  }

  async mount(source: FileTree | Uint8Array | Blob, path: string = WORKSPACE, options: MountOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (source instanceof Blob) await this.#mountZip(source, path, options);
    else if (source instanceof Uint8Array) await this.#mountZip(new Blob([source as Uint8Array<ArrayBuffer>]), path, options);
    else await this.#call({ op: 'mountTree', path, tree: source });
  }

  async #mountZip(archive: Blob, path: string, { onProgress, signal }: MountOptions): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<MountProgress>) => onProgress?.(data);
    const giveUp = (): void => port1.postMessage(null);
    signal?.addEventListener('abort', giveUp);
    try {
      const call: FileCall = { op: 'mountZip', path, archive, control: port2 };
      const done = await this.#kernel.ask<MountProgress>({ type: 'call-files', call }, [port2]);
      port1.onmessage = null;
      onProgress?.(done);
    } finally {
      signal?.removeEventListener('abort', giveUp);
      port1.close();
    }
  }

  export(
    _format: 'zip',
    { path = WORKSPACE, exclude = [] }: { readonly path?: string; readonly exclude?: readonly string[] } = {},
  ): Promise<Uint8Array> {
    return this.#call({ op: 'exportZip', path, exclude });
  }

  async #stat(op: 'stat' | 'lstat', path: string): Promise<Stat> {
    const data = await this.#call<StatData>({ op, path });
    return { ...data, ...predicates(data.type) };
  }

  #call<T = void>(call: FileCall): Promise<T> {
    return this.#kernel.ask<T>({ type: 'call-files', call });
  }
}

function predicates(type: Stat['type']): Pick<Stat, 'isFile' | 'isDirectory' | 'isSymbolicLink'> {
  return { isFile: () => type === 'file', isDirectory: () => type === 'directory', isSymbolicLink: () => type === 'symlink' };
}
