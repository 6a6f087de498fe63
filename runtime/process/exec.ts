// Finds what a command means: PATH, executable bits, built-in programs, `#!` lines. Pure over the file system; any worker.
import { REMOTE_PROGRAM, SESSION_MARKER } from '#protocol';
import { needOf } from '../kernel/boundary.ts';
import { TextDecoder } from './intrinsics.ts';
import type { FileSystem, Stat } from '../fs/file-system.ts';

/** What the file of a built-in program starts with; its name follows. */
export const PROGRAM_MAGIC = '\0verklet-program:';
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** A program compiled for Linux. */
const ELF_MAGIC = '\x7fELF';

const ENOENT = -2;
const ENOEXEC = -8;
const EACCES = -13;
const ELOOP = -40;
const X_OK = 1;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
/** As Linux: an interpreter may itself be a script, but not for ever. */
const MAX_INTERPRETERS = 4;
const MAGIC_LIMIT_BYTES = 256;

export interface ProgramQuery {
  /** A name to look up in PATH, or a path when it has a slash. */
  readonly file: string;
  /** `argv[0]` included. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface ResolvedProgram {
  readonly program: string;
  readonly argv: readonly string[];
}

/** The built-in program that runs a command, with the arguments it gets; or -ENOENT, -EACCES, -ENOEXEC, -ELOOP. */
export function resolveProgram(fs: FileSystem, query: ProgramQuery): ResolvedProgram | number {
  const found = query.file.includes('/') ? checkExecutable(fs, absolute(query.cwd, query.file)) : searchPath(fs, query);
  if (found === ENOENT && !query.file.includes('/') && isOnServer(fs, query.file)) return { program: REMOTE_PROGRAM, argv: query.argv };
  if (typeof found === 'number') return found;
  return readProgram(fs, found, query, 0);
}

/** What the tab does not have and Linux does; while a session is active, its box may have anything. */
function isOnServer(fs: FileSystem, name: string): boolean {
  return needOf(name) !== null || fs.access(SESSION_MARKER, 0) === 0;
}

/** The first executable of that name in PATH, as an absolute path. */
export function searchPath(fs: FileSystem, query: Pick<ProgramQuery, 'file' | 'env' | 'cwd'>): string | number {
  let result = ENOENT;
  for (const folder of (query.env['PATH'] ?? DEFAULT_PATH).split(':')) {
    const found = checkExecutable(fs, absolute(query.cwd, `${folder || '.'}/${query.file}`));
    if (typeof found === 'string') return found;
    if (found === EACCES) result = EACCES;
  }
  return result;
}

function checkExecutable(fs: FileSystem, path: string): string | number {
  const stat = {} as Stat;
  const error = fs.stat(path, stat);
  if (error < 0) return error;
  if ((stat.mode & S_IFMT) !== S_IFREG) return EACCES;
  const denied = fs.access(path, X_OK);
  return denied < 0 ? denied : path;
}

function readProgram(fs: FileSystem, path: string, query: ProgramQuery, depth: number): ResolvedProgram | number {
  if (depth > MAX_INTERPRETERS) return ELOOP;
  const start = readStart(fs, path);
  if (typeof start === 'number') return start;
  if (start.startsWith(PROGRAM_MAGIC)) return { program: start.slice(PROGRAM_MAGIC.length).trimEnd(), argv: query.argv };
  if (start.startsWith(ELF_MAGIC)) return { program: REMOTE_PROGRAM, argv: [path, ...query.argv.slice(1)] };
  const line = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*?))?[ \t]*\r?(?:\n|$)/.exec(start);
  if (!line) return ENOEXEC;
  const interpreter = line[1] ?? '';
  const argument = line[2] === undefined || line[2] === '' ? [] : [line[2]];
  const rest = query.argv.slice(1);
  if (interpreter === '/usr/bin/env' || interpreter === '/bin/env') return throughEnv(fs, path, argument[0] ?? '', rest, query, depth);
  const found = checkExecutable(fs, absolute(query.cwd, interpreter));
  if (typeof found === 'number') return found;
  return readProgram(fs, found, { ...query, argv: [interpreter, ...argument, path, ...rest] }, depth + 1);
}

// `#!/usr/bin/env node`: resolved here rather than by starting env, which would only look the name up again.
function throughEnv(
  fs: FileSystem,
  path: string,
  argument: string,
  rest: readonly string[],
  query: ProgramQuery,
  depth: number,
): ResolvedProgram | number {
  const words = argument.replace(/^-S\s*/, '').split(/\s+/);
  const file = words[0] ?? '';
  const found = searchPath(fs, { ...query, file });
  if (typeof found === 'number') return found;
  return readProgram(fs, found, { ...query, argv: [...words, path, ...rest] }, depth + 1);
}

function readStart(fs: FileSystem, path: string): string | number {
  const handle = fs.open(path, 0, 0);
  if (handle < 0) return handle;
  const bytes = new Uint8Array(MAGIC_LIMIT_BYTES);
  const count = fs.read(handle, bytes, 0);
  fs.close(handle);
  return count < 0 ? count : new TextDecoder('latin1').decode(bytes.subarray(0, count));
}

function absolute(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd}/${path}`;
}
