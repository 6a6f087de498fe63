// A real folder of this device in the workspace, both ways: what changes on one side comes to the other, and what changed on
// both is a conflict that the user decides. Through ZenFS's WebAccess back end. Page side; loaded when it is used.
import { fs as zen, mount, resolveMountConfig, umount } from '@zenfs/core';
import { WebAccess } from '@zenfs/dom';
import { HIDDEN, withoutHidden } from './filtered-folder.ts';

/** The part of the runtime's files that is needed. */
export interface WorkspaceSide {
  readFile(path: string): Promise<Uint8Array>;
  writeFile(path: string, content: Uint8Array): Promise<void>;
  mkdir(path: string, options: { readonly recursive: boolean }): Promise<void>;
  rm(path: string, options: { readonly recursive: boolean; readonly force: boolean }): Promise<void>;
  watch(
    path: string,
    options: { readonly recursive: boolean; readonly signal: AbortSignal },
    listener: (event: { readonly path: string }) => void,
  ): Promise<void>;
}

export interface LocalFolderEvents {
  /** Files that were brought in so far. */
  onProgress(done: number): void;
  /** Paths that changed on both sides, relative to the folder. */
  onConflicts(paths: readonly string[]): void;
  onError(error: unknown): void;
}

/** What both sides had in common last. */
interface Common {
  readonly digest: string;
  /** Time and size on the device: tells a change without reading. */
  readonly stamp: string;
}

const PUSH_DELAY_MS = 300;
let lastMount = 0;

export class LocalFolder {
  readonly #handle: FileSystemDirectoryHandle;
  readonly #files: WorkspaceSide;
  readonly #path: string;
  readonly #events: LocalFolderEvents;
  readonly #point = `/local-${++lastMount}`;
  readonly #common = new Map<string, Common>();
  readonly #conflicts = new Set<string>();
  readonly #closing = new AbortController();
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: Promise<void> = Promise.resolve();
  #isMounted = false;

  /** Brings the folder's files to `path` in the workspace, and keeps both the same until {@link close}. */
  static async open(
    files: WorkspaceSide,
    handle: FileSystemDirectoryHandle,
    path: string,
    events: LocalFolderEvents,
  ): Promise<LocalFolder> {
    const folder = new LocalFolder(files, handle, path, events);
    await files.mkdir(path, { recursive: true });
    await folder.pull();
    void files
      .watch(path, { recursive: true, signal: folder.#closing.signal }, ({ path: changed }) => folder.#noteChange(changed))
      .catch((error: unknown) => events.onError(error));
    return folder;
  }

  private constructor(files: WorkspaceSide, handle: FileSystemDirectoryHandle, path: string, events: LocalFolderEvents) {
    this.#files = files;
    this.#handle = withoutHidden(handle);
    this.#path = path;
    this.#events = events;
  }

  /** Looks at the device: another program may have changed files there. */
  pull(): Promise<void> {
    return this.#next(() => this.#pull());
  }

  /** Ends a conflict: that side's content is then on both. */
  resolve(path: string, keep: 'workspace' | 'folder'): Promise<void> {
    return this.#next(async () => {
      const source = keep === 'workspace' ? await this.#ours(path) : await this.#theirs(path);
      if (keep === 'workspace') await this.#writeTheirs(path, source);
      else await this.#writeOurs(path, source);
      this.#conflicts.delete(path);
      this.#events.onConflicts([...this.#conflicts]);
    });
  }

  /** Sends what is pending, then lets go. The files stay on both sides. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#next(() => this.#push());
    if (this.#isMounted) umount(this.#point);
  }

  async #pull(): Promise<void> {
    // ZenFS knows the folder as it was when it was mounted.
    if (this.#isMounted) umount(this.#point);
    mount(this.#point, await resolveMountConfig({ backend: WebAccess, handle: this.#handle, disableAsyncCache: true }));
    this.#isMounted = true;
    const found = new Map<string, string>();
    await this.#list('', found);
    let done = 0;
    for (const [path, stamp] of found) {
      if (this.#common.get(path)?.stamp !== stamp) await this.#pullFile(path, stamp);
      this.#events.onProgress(++done);
    }
    for (const [path, { digest }] of [...this.#common]) {
      if (found.has(path)) continue;
      const ours = await this.#ours(path);
      if (ours !== null && (await digestOf(ours)) !== digest) this.#addConflict(path);
      else await this.#writeOurs(path, null);
    }
  }

  async #pullFile(path: string, stamp: string): Promise<void> {
    const theirs = await this.#theirs(path);
    if (theirs === null) return;
    const digest = await digestOf(theirs);
    const ours = await this.#ours(path);
    const ourDigest = ours === null ? null : await digestOf(ours);
    const common = this.#common.get(path)?.digest ?? null;
    if (ourDigest === digest || common === digest) this.#common.set(path, { digest, stamp });
    else if (ourDigest === null || ourDigest === common) await this.#writeOurs(path, theirs);
    else this.#addConflict(path);
  }

  #noteChange(path: string): void {
    if (path.split('/').some((name) => HIDDEN.has(name))) return;
    this.#changed.add(path);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#next(() => this.#push()).catch((error: unknown) => this.#events.onError(error));
    }, PUSH_DELAY_MS);
  }

  async #push(): Promise<void> {
    const changed = new Set<string>();
    for (const path of this.#changed) {
      // A folder that is gone stands for everything in it; an event without a path for everything.
      for (const known of this.#common.keys()) if (path === '' || known.startsWith(`${path}/`)) changed.add(known);
      if (path !== '') changed.add(path);
    }
    this.#changed.clear();
    for (const path of changed) await this.#pushFile(path);
  }

  async #pushFile(path: string): Promise<void> {
    const common = this.#common.get(path) ?? null;
    const ours = await this.#ours(path);
    const ourDigest = ours === null ? null : await digestOf(ours);
    if (ourDigest === (common?.digest ?? null) || this.#conflicts.has(path)) return;
    const theirs = await this.#theirs(path);
    const theirDigest = theirs === null ? null : await digestOf(theirs);
    if (theirDigest === ourDigest && ourDigest !== null) this.#common.set(path, { digest: ourDigest, stamp: await this.#stamp(path) });
    else if (theirDigest === (common?.digest ?? null)) await this.#writeTheirs(path, ours);
    else this.#addConflict(path);
  }

  /** Null where there is no such file. */
  async #ours(path: string): Promise<Uint8Array | null> {
    try {
      return await this.#files.readFile(`${this.#path}/${path}`);
    } catch (error) {
      if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as { code?: string }).code ?? '')) return null;
      throw error;
    }
  }

  /** From the device itself, not from what ZenFS remembers of it. */
  async #theirs(path: string): Promise<Uint8Array | null> {
    try {
      let folder = this.#handle;
      const names = path.split('/');
      for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
      const file = await (await folder.getFileHandle(names.at(-1) ?? '')).getFile();
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      if (error instanceof DOMException && (error.name === 'NotFoundError' || error.name === 'TypeMismatchError')) return null;
      throw error;
    }
  }

  async #writeOurs(path: string, content: Uint8Array | null): Promise<void> {
    const target = `${this.#path}/${path}`;
    if (content === null) {
      await this.#files.rm(target, { recursive: false, force: true });
      this.#common.delete(path);
      return;
    }
    await this.#files.mkdir(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    await this.#files.writeFile(target, content);
    this.#common.set(path, { digest: await digestOf(content), stamp: await this.#stamp(path) });
  }

  async #writeTheirs(path: string, content: Uint8Array | null): Promise<void> {
    const target = `${this.#point}/${path}`;
    if (content === null) {
      await zen.promises.rm(target, { force: true });
      this.#common.delete(path);
      return;
    }
    await zen.promises.mkdir(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    await zen.promises.writeFile(target, content);
    this.#common.set(path, { digest: await digestOf(content), stamp: await this.#stamp(path) });
  }

  async #list(folder: string, found: Map<string, string>): Promise<void> {
    for (const name of await zen.promises.readdir(`${this.#point}/${folder}`)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const stat = await zen.promises.stat(`${this.#point}/${path}`);
      if (stat.isDirectory()) await this.#list(path, found);
      else found.set(path, `${stat.mtimeMs} ${stat.size}`);
    }
  }

  async #stamp(path: string): Promise<string> {
    const { mtimeMs, size } = await zen.promises.stat(`${this.#point}/${path}`);
    return `${mtimeMs} ${size}`;
  }

  #addConflict(path: string): void {
    this.#conflicts.add(path);
    this.#events.onConflicts([...this.#conflicts]);
  }

  /** One thing at a time: both directions look at the same common state. */
  #next(work: () => Promise<void>): Promise<void> {
    const before = this.#running.catch(() => undefined); // told to whoever asked for it
    return (this.#running = before.then(work));
  }
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice()));
  return btoa(String.fromCharCode(...digest));
}
