// What a built-in program is: a function over its arguments, folder, environment and streams. It may run as a process of its
// own or inside the shell. Runs in the tools worker.
import type { FileSystem } from '../fs/file-system.ts';
import type { ProcessHost } from '../process/host.ts';

export interface ToolContext {
  /** The name it was called by. */
  readonly name: string;
  /** Without the name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly fs: FileSystem;
  readonly host: ProcessHost;
  /** The next bytes of standard input; empty at its end. Blocks. */
  read(): Uint8Array;
  write(content: string | Uint8Array): void;
  writeError(text: string): void;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
}

/** Runs to the exit code. */
export type Tool = (context: ToolContext) => number | Promise<number>;

const decoder = new TextDecoder();

/** Everything on standard input. */
export function readAll(context: Pick<ToolContext, 'read'>): Uint8Array {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) {
    chunks.push(chunk.slice());
    sizeBytes += chunk.length;
  }
  const whole = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

export function absolutePath(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
}

/** The bytes of the named files one after the other, or of standard input where none is named; `-` is standard input, too. */
export function* inputs(
  context: ToolContext,
  files: readonly string[],
): Generator<{ readonly name: string; readonly bytes: Uint8Array }, number> {
  let status = 0;
  for (const name of files.length === 0 ? ['-'] : files) {
    if (name === '-') {
      yield { name: '', bytes: readAll(context) };
      continue;
    }
    const bytes = context.fs.readFile(absolutePath(context.cwd, name));
    if (typeof bytes === 'number') status = complain(context, name, bytes);
    else yield { name, bytes };
  }
  return status;
}

const MESSAGES: Readonly<Record<number, string>> = {
  [-1]: 'Operation not permitted',
  [-2]: 'No such file or directory',
  [-13]: 'Permission denied',
  [-16]: 'Device or resource busy',
  [-17]: 'File exists',
  [-20]: 'Not a directory',
  [-21]: 'Is a directory',
  [-22]: 'Invalid argument',
  [-28]: 'No space left on device',
  [-36]: 'File name too long',
  [-39]: 'Directory not empty',
  [-40]: 'Too many levels of symbolic links',
};

export function errnoText(errno: number): string {
  return MESSAGES[errno] ?? `error ${-errno}`;
}

/** Prints `name: file: reason`; returns 1. */
export function complain(context: ToolContext, file: string, errno: number, prefix = ''): number {
  context.writeError(`${context.name}: ${prefix}${file}: ${errnoText(errno)}\n`);
  return 1;
}

/** Short options as letters, `--long` ones whole; what is left are operands. `--` ends the options. */
export function parseOptions(
  args: readonly string[],
  withValue = '',
): { flags: Set<string>; values: Map<string, string>; operands: string[] } {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const operands: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg.startsWith('--')) flags.add(arg);
    else if (!arg.startsWith('-') || arg === '-') operands.push(arg);
    else {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? '';
        flags.add(letter);
        if (!withValue.includes(letter)) continue;
        values.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++index] ?? ''));
        break;
      }
    }
  }
  return { flags, values, operands };
}

export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Lines without their breaks; a last break ends the last line. */
export function linesOf(bytes: Uint8Array): string[] {
  const lines = text(bytes).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
