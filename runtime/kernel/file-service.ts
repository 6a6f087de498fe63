// The SDK's file calls over the shared file system. Runs in the file-service worker, which may block.
import type { DirentData, FileCall, FileTree, StatData } from '#protocol';
import { VerkletError } from '#protocol';
import type { Dirent, FileSystem, Stat } from '../fs/file-system.ts';
import { FileError } from './file-error.ts';
import { writeZip } from './zip-export.ts';

const ROOT = '/workdir';
const S_IFMT = 0o170000;
const EISDIR = -21;
const EEXIST = -17;
const O_APPEND = 0o2101; // with O_WRONLY and O_CREAT
const O_EXCLUSIVE = 0o301; // with O_WRONLY and O_CREAT

export class FileService {
  readonly #fs: FileSystem;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** Performs one call; throws {@link FileError} or a VerkletError. */
  perform(call: Exclude<FileCall, { op: 'watch' | 'unwatch' | 'mountZip' | 'hashTree' | 'readFiles' | 'applyEntries' }>): unknown {
    switch (call.op) {
      case 'readFile':
        return this.#read(call.path);
      case 'writeFile':
        return this.#write(call);
      case 'readdir':
        return this.#readdir(call.path, call.recursive);
      case 'mkdir':
        return this.#mkdir(call.path, call.recursive);
      case 'rm':
        return this.#remove(call);
      case 'rename':
        return this.#check(this.#fs.rename(absolute(call.from), absolute(call.to)), 'rename', call.from);
      case 'cp':
        return this.#copy(absolute(call.from), absolute(call.to), call.recursive);
      case 'stat':
        return this.#stat(call.path, true);
      case 'lstat':
        return this.#stat(call.path, false);
      case 'readlink':
        return this.#text(this.#fs.readlink(absolute(call.path)), 'readlink', call.path);
      case 'realpath':
        return this.#text(this.#fs.realpath(absolute(call.path)), 'realpath', call.path);
      case 'unlink':
        return this.#check(this.#fs.unlink(absolute(call.path)), 'unlink', call.path);
      case 'symlink':
        return this.#check(this.#fs.symlink(call.target, absolute(call.path)), 'symlink', call.path);
      case 'chmod':
        return this.#check(this.#fs.chmod(absolute(call.path), call.mode), 'chmod', call.path);
      case 'utimes':
        return this.#check(this.#fs.utimes(absolute(call.path), call.atimeMs, call.mtimeMs, true), 'utime', call.path);
      case 'mountTree':
        return this.#mountTree(absolute(call.path), call.tree);
      case 'exportZip':
        return writeZip(this.#fs, absolute(call.path), new Set(call.exclude));
      default:
        return call satisfies never;
    }
  }

  #read(path: string): Uint8Array {
    const bytes = this.#fs.readFile(absolute(path));
    if (typeof bytes === 'number') throw new FileError(bytes, 'open', path);
    return bytes;
  }

  #write({ path, bytes, mode = 0o644, flag = 'w' }: Extract<FileCall, { op: 'writeFile' }>): void {
    const target = absolute(path);
    if (flag === 'w') {
      this.#check(this.#fs.writeFile(target, bytes, mode), 'open', path);
      return;
    }
    const handle = this.#check(this.#fs.open(target, flag === 'a' ? O_APPEND : O_EXCLUSIVE, mode), 'open', path);
    try {
      for (let done = 0; done < bytes.length;) done += this.#check(this.#fs.write(handle, bytes.subarray(done), -1), 'write', path);
    } finally {
      this.#fs.close(handle);
    }
  }

  #readdir(path: string, recursive: boolean): DirentData[] {
    const entries = this.#list(absolute(path), path);
    if (!recursive) return entries.map(({ name, type }) => ({ name, type: typeName(type) }));
    const all: DirentData[] = [];
    const walk = (folder: string, prefix: string): void => {
      for (const { name, type } of this.#list(folder, folder)) {
        all.push({ name: prefix + name, type: typeName(type) });
        if (typeName(type) === 'directory') walk(`${folder}/${name}`, `${prefix}${name}/`);
      }
    };
    walk(absolute(path), '');
    return all;
  }

  #list(folder: string, shown: string): Dirent[] {
    const entries = this.#fs.readdir(folder);
    if (typeof entries === 'number') throw new FileError(entries, 'scandir', shown);
    return entries;
  }

  #mkdir(path: string, recursive: boolean): void {
    const result = recursive ? this.#fs.mkdirAll(absolute(path), 0o755) : this.#fs.mkdir(absolute(path), 0o755);
    if (typeof result === 'number' && result < 0) throw new FileError(result, 'mkdir', path);
  }

  #remove({ path, recursive, force }: Extract<FileCall, { op: 'rm' }>): void {
    const target = absolute(path);
    const stat = {} as Stat;
    const missing = this.#fs.lstat(target, stat);
    if (missing < 0) {
      if (!force) throw new FileError(missing, 'rm', path);
      return;
    }
    const isFolder = typeName(stat.mode) === 'directory';
    if (isFolder && !recursive) throw new FileError(EISDIR, 'rm', path);
    this.#check(isFolder ? this.#fs.removeAll(target) : this.#fs.unlink(target), 'rm', path);
  }

  #copy(from: string, to: string, recursive: boolean): void {
    const stat = {} as Stat;
    this.#check(this.#fs.lstat(from, stat), 'cp', from);
    switch (typeName(stat.mode)) {
      case 'directory':
        if (!recursive) throw new FileError(EISDIR, 'cp', from);
        this.#makeFolder(to);
        for (const { name } of this.#list(from, from)) this.#copy(`${from}/${name}`, `${to}/${name}`, true);
        return;
      case 'symlink':
        this.#check(this.#fs.symlink(this.#text(this.#fs.readlink(from), 'readlink', from), to), 'symlink', to);
        return;
      default:
        this.#check(this.#fs.writeFile(to, this.#read(from), stat.mode & 0o7777), 'open', to);
    }
  }

  #stat(path: string, followSymlink: boolean): StatData {
    const stat = {} as Stat;
    this.#check(
      followSymlink ? this.#fs.stat(absolute(path), stat) : this.#fs.lstat(absolute(path), stat),
      followSymlink ? 'stat' : 'lstat',
      path,
    );
    return {
      type: typeName(stat.mode),
      mode: stat.mode,
      sizeBytes: stat.size,
      mtimeMs: stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6,
      ino: stat.ino,
      nlink: stat.nlink,
    };
  }

  #mountTree(path: string, tree: FileTree): void {
    this.#makeFolder(path);
    for (const [name, node] of Object.entries(tree)) {
      if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
        throw new VerkletError('ERR_BAD_OPTION', { name: 'tree', reason: `${JSON.stringify(name)} is not a file name` });
      }
      this.#mountNode(`${path}/${name}`, node);
    }
  }

  #mountNode(path: string, node: FileTree[string]): void {
    if (typeof node === 'string') this.#check(this.#fs.writeFile(path, new TextEncoder().encode(node), 0o644), 'open', path);
    else if (node instanceof Uint8Array) this.#check(this.#fs.writeFile(path, node, 0o644), 'open', path);
    else if (isSymlink(node)) this.#check(this.#fs.symlink(node.symlink, path), 'symlink', path);
    else if (isFileWithMode(node)) this.#check(this.#fs.writeFile(path, node.bytes, node.mode), 'open', path);
    else this.#mountTree(path, node as FileTree);
  }

  #makeFolder(path: string): void {
    const result = this.#fs.mkdirAll(path, 0o755);
    if (typeof result === 'number' && result < 0 && result !== EEXIST) throw new FileError(result, 'mkdir', path);
  }

  #check(result: number, syscall: string, path: string): number {
    if (result < 0) throw new FileError(result, syscall, path);
    return result;
  }

  #text(result: string | number, syscall: string, path: string): string {
    if (typeof result === 'number') throw new FileError(result, syscall, path);
    return result;
  }
}

export function absolute(path: string): string {
  return path.startsWith('/') ? path : `${ROOT}/${path}`;
}

function typeName(mode: number): StatData['type'] {
  switch (mode & S_IFMT) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    default:
      return 'other';
  }
}

function isSymlink(node: object): node is { symlink: string } {
  return typeof (node as { symlink?: unknown }).symlink === 'string' && Object.keys(node).length === 1;
}

function isFileWithMode(node: object): node is { bytes: Uint8Array; mode: number } {
  return (node as { bytes?: unknown }).bytes instanceof Uint8Array;
}
