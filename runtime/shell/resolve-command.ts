// What a command is to the shell and to programs that start others: a program, a script without `#!`, or something that needs
// real Linux, which the `linux-command` program asks a server session for. Pure over the file system.
import { needsServerBecause } from '../kernel/boundary.ts';
import { type ProgramQuery, type ResolvedProgram, resolveProgram, searchPath } from '../process/exec.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { absolutePath } from './paths.ts';

const ENOENT = -2;
const ENOEXEC = -8;
const ELF_MAGIC = '\u007fELF';

/** A negative errno where there is nothing to run. */
export function resolveCommand(fs: FileSystem, query: ProgramQuery): ResolvedProgram | number {
  const resolved = resolveProgram(fs, query);
  if (resolved === ENOENT && needsServerBecause(query.file) !== null) return { program: 'linux-command', argv: query.argv };
  if (resolved !== ENOEXEC) return resolved;
  const path = query.file.includes('/') ? absolutePath(query.cwd, query.file) : searchPath(fs, query);
  if (typeof path === 'number') return path;
  const content = fs.readFile(path);
  if (typeof content === 'number') return content;
  const start = String.fromCharCode(...content.subarray(0, 256));
  if (start.startsWith(ELF_MAGIC)) return { program: 'linux-command', argv: query.argv };
  // As execvp and every shell: a text file without `#!` is a shell script.
  return start.includes('\0') ? ENOEXEC : { program: 'sh', argv: ['sh', path, ...query.argv.slice(1)] };
}
