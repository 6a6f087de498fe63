// What a command is to the shell and to programs that start others, and why one could not be started. Pure over the file system.
import { VerkletError } from '#protocol';
import { needOf, needText } from '../kernel/boundary.ts';
import { type ProgramQuery, type ResolvedProgram, resolveProgram, searchPath } from '../process/exec.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { absolutePath, errnoText } from './paths.ts';

const ENOENT = -2;
const ENOEXEC = -8;

/** As `resolveProgram`, and as execvp: a text file without `#!` is a shell script. */
export function resolveCommand(fs: FileSystem, query: ProgramQuery): ResolvedProgram | number {
  const resolved = resolveProgram(fs, query);
  if (resolved !== ENOEXEC) return resolved;
  const path = query.file.includes('/') ? absolutePath(query.cwd, query.file) : searchPath(fs, query);
  if (typeof path === 'number') return path;
  const content = fs.readFile(path);
  if (typeof content === 'number') return content;
  return content.subarray(0, 256).includes(0) ? ENOEXEC : { program: 'sh', argv: ['sh', path, ...query.argv.slice(1)] };
}

/** The end of `name: ...`; what needs a server session says so, with its code. */
export function spawnFailure(name: string, errno: number): string {
  const need = errno === ENOENT ? needOf(name) : null;
  if (need === null) return errno === ENOENT ? 'not found' : errnoText(errno);
  const { message, code } = new VerkletError('ERR_SERVER_NOT_CONFIGURED', { what: needText(name, need) });
  return `${message} (${code})`;
}
