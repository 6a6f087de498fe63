// The file system as isomorphic-git wants it: promises that reject with Node's codes. Runs in the tools worker.
import type { PromiseFsClient } from 'isomorphic-git';
import { errnoName } from '../../kernel/errno-names.ts';
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import { decodeText, encodeText } from '../text.ts';

const S_IFMT = 0o170000;

class FileError extends Error {
  readonly code: string;

  constructor(errno: number, path: string) {
    super(`${errnoName(errno)}: ${path}`);
    this.code = errnoName(errno);
  }
}

interface StatLike {
  readonly mode: number;
  readonly size: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
  readonly dev: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

type Encoding = string | { readonly encoding?: string } | undefined;

export function gitFiles(fs: FileSystem): PromiseFsClient {
  const check = <T>(result: T | number, path: string): T => {
    if (typeof result === 'number' && result < 0) throw new FileError(result, path);
    return result as T;
  };
  const statWith =
    (find: (path: string, out: Stat) => number) =>
    async (path: string): Promise<StatLike> => {
      const stat = {} as Stat;
      check(find(path, stat), path);
      const type = stat.mode & S_IFMT;
      return {
        mode: stat.mode,
        size: stat.size,
        ino: stat.ino,
        uid: stat.uid,
        gid: stat.gid,
        dev: 1,
        mtimeMs: stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6,
        ctimeMs: stat.ctimeSec * 1000 + stat.ctimeNsec / 1e6,
        isFile: () => type === 0o100000,
        isDirectory: () => type === 0o040000,
        isSymbolicLink: () => type === 0o120000,
      };
    };
  return {
    promises: {
      readFile: async (path: string, options?: Encoding) => {
        const bytes = check<Uint8Array>(fs.readFile(path), path);
        const encoding = typeof options === 'string' ? options : options?.encoding;
        return encoding === undefined ? bytes : decodeText(bytes);
      },
      writeFile: async (path: string, content: string | Uint8Array, options?: { readonly mode?: number }) => {
        check(fs.writeFile(path, typeof content === 'string' ? encodeText(content) : content, options?.mode ?? 0o644), path);
        if (options?.mode !== undefined) fs.chmod(path, options.mode);
      },
      unlink: async (path: string) => void check(fs.unlink(path), path),
      readdir: async (path: string) => {
        const entries = fs.readdir(path);
        return check(typeof entries === 'number' ? entries : entries.map(({ name }) => name), path);
      },
      mkdir: async (path: string) => void check(fs.mkdir(path, 0o755), path),
      rmdir: async (path: string) => void check(fs.rmdir(path), path),
      stat: statWith((path, out) => fs.stat(path, out)),
      lstat: statWith((path, out) => fs.lstat(path, out)),
      readlink: async (path: string) => check(fs.readlink(path), path),
      symlink: async (target: string, path: string) => void check(fs.symlink(target, path), path),
      chmod: async (path: string, mode: number) => void check(fs.chmod(path, mode), path),
    },
  };
}
