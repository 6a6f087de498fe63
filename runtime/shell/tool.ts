// What a built-in program is: a function over its arguments, folder, environment and streams. It may run as a process of its
// own or inside the shell. Runs in the tools worker.
import type { FileSystem, Stat } from '../fs/file-system.ts';
import type { ProcessHost } from '../process/host.ts';
import { absolutePath, errnoText } from './paths.ts';
import { collected, type StreamIo, type Streams } from './sh/streams.ts';

export { absolutePath, errnoText } from './paths.ts';

export interface ToolContext {
  /** The name it was called by. */
  readonly name: string;
  /** Without the name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly fs: FileSystem;
  readonly host: ProcessHost;
  readonly io: StreamIo;
  readonly streams: Streams;
  /** The mode bits that new files do not get. */
  readonly umask: number;
  /** The next bytes of standard input; empty at its end. Blocks; what was written is flushed first. */
  read(): Uint8Array;
  /** Buffered until enough is there, a read, or the end. Throws {@link BrokenPipe} when nobody reads any more. */
  write(content: string | Uint8Array): void;
  writeError(text: string): void;
  flush(): void;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
}

/** Runs to the exit code. */
export type Tool = (context: ToolContext) => number | Promise<number>;

/** Nobody reads the output any more: the program ends as SIGPIPE ends one. */
export class BrokenPipe extends Error {}

/** Ends the program with a message `name: message` and a status. */
export class ToolFailure extends Error {
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Everything on standard input. */
export function readAll(context: Pick<ToolContext, 'read'>): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) chunks.push(chunk.slice());
  return collected(chunks);
}

const READ_BYTES = 64 * 1024;

/** One operand of a program as a stream of chunks; `-` and nothing are standard input. */
export interface Input {
  /** As given; `''` for standard input that was not named. */
  readonly name: string;
  readonly chunks: Iterable<Uint8Array>;
}

/** The named files one after the other, each read as it is asked for. Files that cannot be opened are complained about. */
export function* openInputs(context: ToolContext, files: readonly string[], report = true): Generator<Input, number> {
  let status = 0;
  for (const name of files.length === 0 ? [''] : files) {
    if (name === '' || name === '-') {
      yield { name, chunks: standardInput(context) };
      continue;
    }
    const opened = openFile(context, name);
    if (typeof opened === 'number') {
      if (report) complain(context, name, opened);
      status = 1;
      continue;
    }
    try {
      yield { name, chunks: opened.chunks };
    } finally {
      context.fs.close(opened.handle);
    }
  }
  return status;
}

function* standardInput(context: ToolContext): Generator<Uint8Array> {
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) yield chunk;
}

/** A file for reading; a negative errno, -EISDIR for a folder. */
export function openFile(context: ToolContext, name: string): { readonly handle: number; readonly chunks: Iterable<Uint8Array> } | number {
  if (name === '/dev/stdin') return { handle: -1, chunks: standardInput(context) };
  const path = absolutePath(context.cwd, name);
  const stat = {} as Stat;
  const found = context.fs.stat(path, stat);
  if (found < 0) return found;
  if ((stat.mode & 0o170000) === 0o040000) return -21;
  const handle = context.fs.open(path, 0, 0);
  return handle < 0 ? handle : { handle, chunks: fileChunks(context.fs, handle) };
}

function* fileChunks(fs: FileSystem, handle: number): Generator<Uint8Array> {
  for (;;) {
    const into = new Uint8Array(READ_BYTES);
    const count = fs.read(handle, into, -1);
    if (count <= 0) return;
    yield into.subarray(0, count);
  }
}

/** Prints `name: file: reason`; returns 1. */
export function complain(context: ToolContext, file: string, errno: number, prefix = ''): number {
  context.writeError(`${context.name}: ${prefix}${file}: ${errnoText(errno)}\n`);
  return 1;
}

export interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  /** Every value of an option that was given more than once. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  readonly operands: string[];
}

/**
 * Short options as letters, long ones by name without dashes. `withValue` lists the letters that take a value; `long` maps
 * long names to letters, or (ending in `=`) to themselves with a value. `--` ends the options.
 */
export function parseOptions(args: readonly string[], withValue = '', long: Readonly<Record<string, string>> = {}): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const all = new Map<string, string[]>();
  const operands: string[] = [];
  const keep = (name: string, value: string): void => {
    flags.add(name);
    values.set(name, value);
    all.set(name, [...(all.get(name) ?? []), value]);
  };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const name = arg.slice(2, equals === -1 ? undefined : equals);
      const meaning = long[name] ?? name;
      const letter = meaning.replace(/=$/, '');
      if (equals !== -1) keep(letter, arg.slice(equals + 1));
      else if (meaning.endsWith('=') || (meaning.length === 1 && withValue.includes(meaning))) keep(letter, args[++index] ?? '');
      else flags.add(letter);
    } else if (!arg.startsWith('-') || arg === '-') operands.push(arg);
    else {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? '';
        if (!withValue.includes(letter)) {
          flags.add(letter);
          continue;
        }
        keep(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++index] ?? ''));
        break;
      }
    }
  }
  return { flags, values, all, operands };
}
