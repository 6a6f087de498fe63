// The workspace folder of the box: notices what programs changed, and takes changes from outside. Runs in the agent.
import {
  chmodSync,
  constants,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  watch,
  writeSync,
  type FSWatcher,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import { MAX_MIRRORED_FILE_BYTES, UNMIRRORED_NAMES, type FileEntry } from '#protocol';

/** Inotify watches are a per-user resource of the host; beyond this many folders every check reads all of them. */
const MAX_WATCHES = 4096;
const SETTLE_MS = 120;
const unmirrored = new Set(UNMIRRORED_NAMES);

/** How a path looked when both sides agreed on it. */
interface Known {
  readonly kind: 'file' | 'folder' | 'symlink';
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

export interface Changes {
  readonly entries: readonly FileEntry[];
  /** One per `file` entry, in order. */
  readonly contents: readonly Uint8Array[];
  /** Too large to travel. */
  readonly skipped: readonly string[];
}

export class Workspace {
  readonly #root: string;
  readonly #known = new Map<string, Known>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #dirty = new Set<string>();
  readonly #skipped = new Set<string>();
  readonly #onChange: () => void;
  #timer: NodeJS.Timeout | null = null;
  #mustScanAll = false;

  /** `onChange` is called a moment after something changed: then {@link collect}. */
  constructor(root: string, onChange: () => void) {
    this.#root = root;
    this.#onChange = onChange;
    this.#watch('');
  }

  /** What changed since the last time, and from now on counts as known. */
  collect(): Changes {
    const found: { entry: FileEntry; content: Uint8Array | null }[] = [];
    const skipped: string[] = [];
    const folders = this.#mustScanAll ? [''] : [...this.#dirty];
    this.#dirty.clear();
    for (const folder of folders) this.#scan(folder, this.#mustScanAll, found, skipped);
    return {
      entries: found.map(({ entry }) => entry),
      contents: found.flatMap(({ content }) => (content === null ? [] : [content])),
      skipped,
    };
  }

  /** Makes the entries true. A path that cannot be made is reported, and the others are made all the same. */
  apply(entries: readonly FileEntry[], contents: readonly Uint8Array[]): { path: string; reason: string }[] {
    const failed: { path: string; reason: string }[] = [];
    let next = 0;
    // Removals first, so that a folder may become a file; the deepest first.
    const removals = entries.filter((entry) => entry.kind === 'removed').sort((a, b) => b.path.length - a.path.length);
    const others = entries.filter((entry) => entry.kind !== 'removed');
    for (const entry of [...removals, ...others]) {
      const content = entry.kind === 'file' ? contents[next++] : undefined;
      try {
        this.#make(entry, content);
      } catch (error) {
        failed.push({ path: entry.path, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
      }
    }
    return failed;
  }

  /** The next {@link collect} reports everything there is. */
  forgetAll(): void {
    this.#known.clear();
    this.#dirty.clear();
    this.#dirty.add('');
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    if (this.#timer) clearTimeout(this.#timer);
  }

  #make(entry: FileEntry, content: Uint8Array | undefined): void {
    const full = this.#resolve(entry.path);
    const existing = lstat(full);
    switch (entry.kind) {
      case 'removed':
        rmSync(full, { recursive: true, force: true });
        this.#forget(entry.path);
        return;
      case 'folder':
        if (existing && !existing.isDirectory()) rmSync(full, { force: true });
        mkdirSync(full, { recursive: true });
        chmodSync(full, entry.mode & 0o777);
        this.#watch(entry.path);
        break;
      case 'symlink':
        if (existing) rmSync(full, { recursive: true, force: true });
        mkdirSync(path.dirname(full), { recursive: true });
        symlinkSync(entry.target, full);
        break;
      case 'file':
        if (existing?.isDirectory()) rmSync(full, { recursive: true, force: true });
        else if (existing?.isSymbolicLink() === true) unlinkSync(full);
        mkdirSync(path.dirname(full), { recursive: true });
        writeNoFollow(full, content ?? new Uint8Array(0), entry.mode & 0o777);
        utimesSync(full, entry.mtimeMs / 1000, entry.mtimeMs / 1000);
        break;
      default:
        entry satisfies never;
    }
    this.#know(entry.path);
  }

  /** Paths come from the other host: below the root, and never through `..`. Links on the way lead only inside the box. */
  #resolve(relative: string): string {
    const isClean =
      relative !== '' && !relative.includes('\0') && relative.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
    if (!isClean) throw Object.assign(new Error(`not a path of the workspace: ${relative}`), { code: 'EINVAL' });
    return path.join(this.#root, relative);
  }

  #scan(folder: string, isDeep: boolean, found: { entry: FileEntry; content: Uint8Array | null }[], skipped: string[]): void {
    const full = path.join(this.#root, folder);
    let names: string[];
    try {
      names = readdirSync(full);
    } catch {
      return this.#vanished(folder, found); // removed, or made unreadable: its parent's scan reports it
    }
    const present = new Set(names);
    for (const name of this.#knownChildren(folder)) if (!present.has(name)) this.#vanished(join(folder, name), found);
    for (const name of names) {
      if (unmirrored.has(name)) continue;
      const relative = join(folder, name);
      const stat = lstat(path.join(this.#root, relative));
      if (!stat) continue;
      const before = this.#known.get(relative);
      const isNew = before === undefined || before.kind !== kindOf(stat);
      if (isNew || isChanged(before, stat)) this.#found(relative, stat, found, skipped);
      if (stat.isDirectory() && (isNew || isDeep)) {
        this.#watch(relative);
        this.#scan(relative, true, found, skipped);
      }
    }
  }

  #found(relative: string, stat: Stats, found: { entry: FileEntry; content: Uint8Array | null }[], skipped: string[]): void {
    const full = path.join(this.#root, relative);
    const mode = stat.mode & 0o777;
    const mtimeMs = stat.isFile() ? Math.round(stat.mtimeMs) : 0;
    try {
      if (stat.isDirectory()) found.push({ entry: { kind: 'folder', path: relative, mode, mtimeMs }, content: null });
      else if (stat.isSymbolicLink()) {
        found.push({ entry: { kind: 'symlink', path: relative, target: readlinkSync(full), mtimeMs }, content: null });
      } else if (stat.isFile()) {
        if (stat.size > MAX_MIRRORED_FILE_BYTES) {
          if (!this.#skipped.has(relative)) skipped.push(relative);
          this.#skipped.add(relative);
          return;
        }
        const content = readFileSync(full);
        found.push({ entry: { kind: 'file', path: relative, mode, mtimeMs, sizeBytes: content.length }, content });
      } else return; // sockets, pipes and devices stay here
      this.#known.set(relative, known(stat));
    } catch {
      this.#touch(path.dirname(relative) === '.' ? '' : path.dirname(relative)); // it changed under us: looked at again
    }
  }

  #vanished(relative: string, found: { entry: FileEntry; content: Uint8Array | null }[]): void {
    if (!this.#known.has(relative)) return;
    this.#forget(relative);
    found.push({ entry: { kind: 'removed', path: relative }, content: null });
  }

  #knownChildren(folder: string): string[] {
    const prefix = folder === '' ? '' : `${folder}/`;
    const names: string[] = [];
    for (const key of this.#known.keys()) {
      if (key.startsWith(prefix) && !key.includes('/', prefix.length)) names.push(key.slice(prefix.length));
    }
    return names;
  }

  #forget(relative: string): void {
    for (const key of [...this.#known.keys()]) if (key === relative || key.startsWith(`${relative}/`)) this.#known.delete(key);
    for (const [key, watcher] of this.#watchers) {
      if (key !== relative && !key.startsWith(`${relative}/`)) continue;
      watcher.close();
      this.#watchers.delete(key);
    }
  }

  #know(relative: string): void {
    const stat = lstat(path.join(this.#root, relative));
    if (stat) this.#known.set(relative, known(stat));
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder) || this.#mustScanAll) return;
    if (this.#watchers.size >= MAX_WATCHES) return this.#scanAllFromNow();
    try {
      const watcher = watch(path.join(this.#root, folder), () => this.#touch(folder));
      watcher.on('error', () => this.#touch(folder));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') this.#scanAllFromNow();
      // else: the folder is gone again
    }
  }

  /** No watches left on this host: every flush looks at everything, and a timer flushes. */
  #scanAllFromNow(): void {
    this.#mustScanAll = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    setInterval(this.#onChange, 2000).unref();
  }

  #touch(folder: string): void {
    this.#dirty.add(folder);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#onChange();
    }, SETTLE_MS);
  }
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function lstat(full: string): Stats | null {
  return lstatSync(full, { throwIfNoEntry: false }) ?? null;
}

function kindOf(stat: Stats): Known['kind'] | 'other' {
  return stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'symlink' : stat.isFile() ? 'file' : 'other';
}

function known(stat: Stats): Known {
  const kind = kindOf(stat);
  const { mode, size, mtimeMs, ctimeMs, ino } = stat;
  return { kind: kind === 'other' ? 'file' : kind, mode: mode & 0o777, sizeBytes: size, mtimeMs, ctimeMs, ino };
}

/** A folder counts as changed by its mode alone: its times move with everything in it. */
function isChanged(before: Known, stat: Stats): boolean {
  if (before.mode !== (stat.mode & 0o777)) return true;
  if (before.kind === 'folder') return false;
  return before.sizeBytes !== stat.size || before.mtimeMs !== stat.mtimeMs || before.ino !== stat.ino || before.ctimeMs !== stat.ctimeMs;
}

/** Never through a link at the last step: it was checked, and a program may have put one there since. */
function writeNoFollow(full: string, content: Uint8Array, mode: number): void {
  const handle = openSync(full, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, mode);
  try {
    for (let done = 0; done < content.length;) done += writeSync(handle, content, done);
  } finally {
    closeSync(handle);
  }
  chmodSync(full, mode);
}
