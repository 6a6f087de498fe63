// What any implementation of the file system's contract must do: steps over one tree, compared step by step between ours and
// the real Node `fs`. A step gives back plain data; errors are negative errnos.
import type { FileSystem, Stat } from './file-system.ts';

export interface ConformanceCase {
  readonly name: string;
  /** Runs below `root`, an empty folder; returns what to compare. */
  run(fs: FileSystem, root: string): unknown[];
}

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
const O_DIRECTORY = 0o200000;
const O_NOFOLLOW = 0o400000;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | number): string | number => (typeof bytes === 'number' ? bytes : new TextDecoder().decode(bytes));

/** The fields of a stat that both sides must agree on. */
function stat(fs: FileSystem, path: string, follow = true): unknown {
  const out = {} as Stat;
  const error = follow ? fs.stat(path, out) : fs.lstat(path, out);
  return error < 0
    ? error
    : { mode: out.mode.toString(8), nlink: out.nlink, size: (out.mode & 0o170000) === 0o040000 ? 'folder' : out.size };
}

function names(fs: FileSystem, path: string): unknown {
  const entries = fs.readdir(path);
  return typeof entries === 'number' ? entries : entries.map(({ name, type }) => `${name}:${type.toString(8)}`).sort();
}

/** Opens, uses and closes; the errno where it cannot be opened. */
function opened(fs: FileSystem, path: string, flags: number, use: (handle: number) => unknown): unknown {
  const handle = fs.open(path, flags, 0o644);
  if (handle < 0) return handle;
  const result = use(handle);
  fs.close(handle);
  return result;
}

function readText(fs: FileSystem, handle: number, length: number, position: number): string | number {
  const into = new Uint8Array(length);
  const count = fs.read(handle, into, position);
  return count < 0 ? count : new TextDecoder().decode(into.subarray(0, count));
}

export const conformanceCases: readonly ConformanceCase[] = [
  {
    name: 'files are created, replaced and read',
    run: (fs, root) => [
      fs.writeFile(`${root}/a`, encode('one'), 0o644),
      decode(fs.readFile(`${root}/a`)),
      fs.writeFile(`${root}/a`, encode('two!'), 0o600),
      decode(fs.readFile(`${root}/a`)),
      stat(fs, `${root}/a`),
      fs.readFile(`${root}/missing`),
      fs.readFile(root),
      fs.writeFile(`${root}/no/such`, encode(''), 0o644),
      fs.writeFile(`${root}/a/b`, encode(''), 0o644),
      fs.writeFile(root, encode(''), 0o644),
    ],
  },
  {
    name: 'folders are made and removed',
    run: (fs, root) => [
      fs.mkdir(`${root}/a`, 0o755),
      fs.mkdir(`${root}/a`, 0o755),
      fs.mkdir(`${root}/b/c`, 0o755),
      stat(fs, root),
      fs.mkdir(`${root}/a/b`, 0o700),
      stat(fs, `${root}/a`),
      fs.rmdir(`${root}/a`),
      fs.rmdir(`${root}/a/b`),
      fs.rmdir(`${root}/a`),
      fs.rmdir(`${root}/a`),
      names(fs, root),
    ],
  },
  {
    name: 'mkdirAll makes what is missing',
    run: (fs, root) => [
      String(fs.mkdirAll(`${root}/a/b/c`, 0o755)).replace(root, ''),
      fs.mkdirAll(`${root}/a/b/c`, 0o755),
      String(fs.mkdirAll(`${root}/a/b/c/d/`, 0o755)).replace(root, ''),
      fs.writeFile(`${root}/file`, encode(''), 0o644),
      fs.mkdirAll(`${root}/file`, 0o755),
      fs.mkdirAll(`${root}/file/x`, 0o755),
    ],
  },
  {
    name: 'trailing slashes mean folders',
    run: (fs, root) => {
      fs.writeFile(`${root}/file`, encode(''), 0o644);
      fs.mkdir(`${root}/folder`, 0o755);
      fs.symlink('folder', `${root}/link`);
      return [
        stat(fs, `${root}/file/`),
        stat(fs, `${root}/folder/`),
        stat(fs, `${root}/link/`, false),
        stat(fs, `${root}/link`, false),
        fs.unlink(`${root}/file/`),
        fs.mkdir(`${root}/new/`, 0o755),
        fs.rename(`${root}/folder/`, `${root}/moved/`),
        names(fs, root),
      ];
    },
  },
  {
    name: 'dots in paths are resolved along the way',
    run: (fs, root) => {
      fs.mkdirAll(`${root}/a/b`, 0o755);
      fs.writeFile(`${root}/a/f`, encode('x'), 0o644);
      fs.symlink('a/b', `${root}/l`);
      return [
        decode(fs.readFile(`${root}/a/./b/../f`)),
        decode(fs.readFile(`${root}/l/../f`)),
        stat(fs, `${root}/a/f/..`),
        stat(fs, `${root}/none/../a`),
        fs.rmdir(`${root}/a/b/.`),
        decode(fs.readFile(`${root}//a///f`)),
      ];
    },
  },
  {
    name: 'links are followed, and not for ever',
    run: (fs, root) => {
      fs.writeFile(`${root}/f`, encode('target'), 0o644);
      return [
        fs.symlink('f', `${root}/l`),
        fs.symlink('f', `${root}/l`),
        fs.readlink(`${root}/l`),
        decode(fs.readFile(`${root}/l`)),
        stat(fs, `${root}/l`, false),
        fs.readlink(`${root}/f`),
        fs.readlink(`${root}/none`),
        fs.symlink('loop', `${root}/loop`),
        fs.readFile(`${root}/loop`),
        fs.symlink('nowhere', `${root}/dangling`),
        fs.readFile(`${root}/dangling`),
        fs.symlink('', `${root}/empty`),
        fs.writeFile(`${root}/dangling`, encode('made'), 0o644),
        decode(fs.readFile(`${root}/nowhere`)),
        fs.unlink(`${root}/l`),
        decode(fs.readFile(`${root}/f`)),
      ];
    },
  },
  {
    name: 'real paths are canonical',
    run: (fs, root) => {
      fs.mkdirAll(`${root}/a/b`, 0o755);
      fs.writeFile(`${root}/a/f`, encode(''), 0o644);
      fs.symlink('a/f', `${root}/l`);
      fs.symlink(`l`, `${root}/ll`);
      fs.symlink('a/b', `${root}/d`);
      const shown = (path: string): unknown => {
        const real = fs.realpath(path);
        return typeof real === 'string' ? real.replace(root, '') : real;
      };
      return [
        shown(`${root}/l`),
        shown(`${root}/ll`),
        shown(`${root}/d/../f`),
        shown(`${root}/a/./b/`),
        shown(`${root}/none`),
        shown(root),
      ];
    },
  },
  {
    name: 'hard links share content and count names',
    run: (fs, root) => {
      fs.writeFile(`${root}/a`, encode('1'), 0o644);
      return [
        fs.link(`${root}/a`, `${root}/b`),
        stat(fs, `${root}/a`),
        fs.writeFile(`${root}/b`, encode('22'), 0o644),
        decode(fs.readFile(`${root}/a`)),
        fs.link(`${root}/a`, `${root}/b`),
        fs.link(`${root}/none`, `${root}/c`),
        fs.unlink(`${root}/a`),
        stat(fs, `${root}/b`),
        fs.link(root, `${root}/folder-link`),
      ];
    },
  },
  {
    name: 'renames replace, move and refuse',
    run: (fs, root) => {
      fs.mkdirAll(`${root}/d/e`, 0o755);
      fs.mkdir(`${root}/empty`, 0o755);
      fs.writeFile(`${root}/a`, encode('a'), 0o644);
      fs.writeFile(`${root}/b`, encode('b'), 0o644);
      return [
        fs.rename(`${root}/a`, `${root}/b`),
        decode(fs.readFile(`${root}/b`)),
        fs.rename(`${root}/a`, `${root}/c`),
        fs.rename(`${root}/b`, `${root}/d`),
        fs.rename(`${root}/d`, `${root}/b`),
        fs.rename(`${root}/d`, `${root}/d/e/x`),
        fs.rename(`${root}/empty`, `${root}/d`),
        fs.rename(`${root}/d`, `${root}/empty`),
        fs.rename(`${root}/b`, `${root}/b`),
        fs.rename(`${root}/b`, `${root}/none/x`),
        names(fs, root),
        names(fs, `${root}/empty`),
      ];
    },
  },
  {
    name: 'open flags decide',
    run: (fs, root) => {
      fs.writeFile(`${root}/f`, encode('0123456789'), 0o644);
      fs.symlink('f', `${root}/l`);
      return [
        opened(fs, `${root}/none`, O_RDONLY, () => 0),
        opened(fs, `${root}/f`, O_RDWR | O_CREAT | O_EXCL, () => 0),
        opened(fs, `${root}/f`, O_RDONLY | O_DIRECTORY, () => 0),
        opened(fs, `${root}/l`, O_RDONLY | O_NOFOLLOW, () => 0),
        opened(fs, root, O_WRONLY, () => 0),
        opened(fs, `${root}/f`, O_RDONLY, (handle) => [
          fs.write(handle, encode('x'), 0),
          readText(fs, handle, 4, 2),
          readText(fs, handle, 4, -1),
          readText(fs, handle, 4, -1),
          readText(fs, handle, 9, -1),
          readText(fs, handle, 9, -1),
        ]),
        opened(fs, `${root}/f`, O_WRONLY, (handle) => [
          readText(fs, handle, 4, 0),
          fs.write(handle, encode('ab'), -1),
          fs.write(handle, encode('cd'), -1),
          fs.write(handle, encode('Z'), 9),
        ]),
        decode(fs.readFile(`${root}/f`)),
        opened(fs, `${root}/f`, O_WRONLY | O_APPEND, (handle) => [fs.write(handle, encode('!'), 0), fs.write(handle, encode('?'), -1)]),
        decode(fs.readFile(`${root}/f`)),
        opened(fs, `${root}/f`, O_WRONLY | O_TRUNC, () => 0),
        stat(fs, `${root}/f`),
        opened(fs, `${root}/new`, O_WRONLY | O_CREAT | O_EXCL, (handle) => fs.write(handle, encode('n'), -1)),
        decode(fs.readFile(`${root}/new`)),
        opened(fs, root, O_RDONLY, (handle) => readText(fs, handle, 4, 0)),
      ];
    },
  },
  {
    name: 'writes past the end leave zeros',
    run: (fs, root) => [
      opened(fs, `${root}/f`, O_RDWR | O_CREAT, (handle) => [
        fs.write(handle, encode('end'), 5),
        fs.ftruncate(handle, 10),
        readText(fs, handle, 20, 0),
      ]),
      stat(fs, `${root}/f`),
      fs.truncate(`${root}/f`, 2),
      decode(fs.readFile(`${root}/f`)),
      fs.truncate(`${root}/f`, 4),
      decode(fs.readFile(`${root}/f`)),
      fs.truncate(root, 0),
      fs.truncate(`${root}/none`, 0),
    ],
  },
  {
    name: 'an open file outlives its name',
    run: (fs, root) => {
      const handle = fs.open(`${root}/f`, O_RDWR | O_CREAT, 0o644);
      fs.write(handle, encode('still here'), -1);
      const removed = fs.unlink(`${root}/f`);
      const text = readText(fs, handle, 20, 0);
      const missing = stat(fs, `${root}/f`);
      fs.close(handle);
      return [removed, text, missing, fs.close(handle)];
    },
  },
  {
    name: 'removing what is not there, or not that',
    run: (fs, root) => {
      fs.mkdir(`${root}/d`, 0o755);
      fs.writeFile(`${root}/f`, encode(''), 0o644);
      return [
        fs.unlink(`${root}/none`),
        fs.unlink(`${root}/d`),
        fs.rmdir(`${root}/f`),
        fs.rmdir(`${root}/none`),
        fs.readdir(`${root}/f`) as number,
        fs.readdir(`${root}/none`) as number,
      ];
    },
  },
  {
    name: 'whole trees are removed',
    run: (fs, root) => {
      fs.mkdirAll(`${root}/t/a/b`, 0o755);
      fs.writeFile(`${root}/t/a/f`, encode(''), 0o644);
      fs.writeFile(`${root}/kept`, encode(''), 0o644);
      fs.symlink('../kept', `${root}/t/l`);
      return [fs.removeAll(`${root}/t`), names(fs, root), fs.removeAll(`${root}/t`)];
    },
  },
  {
    name: 'modes and times are set',
    run: (fs, root) => {
      fs.writeFile(`${root}/f`, encode(''), 0o644);
      const times = (): unknown => {
        const out = {} as Stat;
        fs.stat(`${root}/f`, out);
        return [out.atimeSec, Math.round(out.atimeNsec / 1e6), out.mtimeSec, Math.round(out.mtimeNsec / 1e6)];
      };
      return [
        fs.chmod(`${root}/f`, 0o755),
        stat(fs, `${root}/f`),
        fs.chmod(`${root}/none`, 0o755),
        fs.utimes(`${root}/f`, 1_000_500, 2_000_250, true),
        times(),
        opened(fs, `${root}/f`, O_RDONLY, (handle) => [fs.fchmod(handle, 0o600), fs.futimes(handle, 5000, 6000)]),
        times(),
        stat(fs, `${root}/f`),
        fs.utimes(`${root}/none`, 0, 0, true),
      ];
    },
  },
  {
    name: 'names are bytes of any language, up to their limit',
    run: (fs, root) => [
      fs.writeFile(`${root}/żółć ✓ 日本`, encode('ok'), 0o644),
      decode(fs.readFile(`${root}/żółć ✓ 日本`)),
      names(fs, root),
      fs.writeFile(`${root}/${'n'.repeat(255)}`, encode(''), 0o644),
      fs.writeFile(`${root}/${'n'.repeat(256)}`, encode(''), 0o644),
      fs.writeFile(`${root}/${'ä'.repeat(128)}`, encode(''), 0o644),
      fs.readFile(`${root}/${'d/'.repeat(2100)}f`),
    ],
  },
  {
    name: 'bad handles',
    run: (fs) => [
      fs.close(9999),
      fs.read(9999, new Uint8Array(1), 0),
      fs.write(9999, new Uint8Array(1), 0),
      fs.fstat(9999, {} as Stat),
      fs.ftruncate(9999, 0),
    ],
  },
];
