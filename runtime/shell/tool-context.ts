// The context a built-in program runs in, and how it runs another one. Runs in the tools worker.
import type { ExitStatus } from '#protocol';
import { signalNumber } from '../kernel/signals.ts';
import type { ProcessHost } from '../process/host.ts';
import { loadTool } from './programs.ts';
import { resolveCommand, spawnFailure } from './resolve-command.ts';
import { ChildStreams, isTerminal, type StreamIo, type Streams } from './sh/streams.ts';
import { encodeText } from './text.ts';
import { BrokenPipe, type Tool, type ToolContext, ToolFailure } from './tool.ts';

const FLUSH_BYTES = 16 * 1024;
const SIGPIPE_STATUS = 141;
const SIGNAL_BASE = 128;
export const NOT_FOUND = 127;
export const NOT_EXECUTABLE = 126;
const ENOENT = -2;
/** Programs that start processes of their own, wait, or talk to the network: as processes they can be interrupted. */
const SEPARATE = new Set([
  'sh',
  'bash',
  'npm',
  'npx',
  'pnpm',
  'yarn',
  'node',
  'sleep',
  'less',
  'more',
  'git',
  'curl',
  'wget',
  'timeout',
  'watch',
]);

export interface ContextOptions {
  readonly host: ProcessHost;
  readonly io: StreamIo;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly streams: Streams;
  readonly umask?: number;
}

export function createContext({ host, io, argv, env, cwd, streams, umask = 0o022 }: ContextOptions): ToolContext {
  const [path = '', ...args] = argv;
  const output = new OutputBuffer(io, streams);
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    args,
    env,
    cwd,
    fs: host.fs,
    host,
    io,
    streams,
    umask,
    read: () => {
      output.flush();
      return io.read(streams[0]);
    },
    write: (content) => output.write(content),
    writeError: (content) => {
      output.flush();
      io.write(streams[2], encodeText(content));
    },
    flush: () => output.flush(),
    isTerminal: isTerminal(streams[1]),
  };
}

class OutputBuffer {
  readonly #io: StreamIo;
  readonly #streams: Streams;
  #texts: string[] = [];
  #length = 0;

  constructor(io: StreamIo, streams: Streams) {
    this.#io = io;
    this.#streams = streams;
  }

  write(content: string | Uint8Array): void {
    if (typeof content !== 'string') {
      this.flush();
      this.#send(content);
      return;
    }
    this.#texts.push(content);
    this.#length += content.length;
    if (this.#length >= FLUSH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    const text = this.#texts.join('');
    this.#texts = [];
    this.#length = 0;
    this.#send(encodeText(text));
  }

  #send(bytes: Uint8Array): void {
    if (!this.#io.write(this.#streams[1], bytes)) throw new BrokenPipe();
  }
}

/** Runs a program in this worker to its exit code. */
export async function runTool(tool: Tool, context: ToolContext): Promise<number> {
  try {
    const status = await tool(context);
    context.flush();
    return status;
  } catch (error) {
    if (error instanceof BrokenPipe) return SIGPIPE_STATUS;
    // Whatever else is thrown is a jump of the shell around it, or a fault of the program alone.
    if (!(error instanceof Error)) throw error;
    context.writeError(`${context.name}: ${error.message}\n`);
    return error instanceof ToolFailure ? error.status : 1;
  }
}

/** The tool that a command name means when it may run inside the caller's worker. */
export async function insideTool(
  host: ProcessHost,
  query: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<Tool | undefined> {
  const [file = ''] = query.argv;
  const resolved = resolveCommand(host.fs, { file, ...query });
  if (typeof resolved === 'number' || resolved.argv.length !== query.argv.length || SEPARATE.has(resolved.program)) return undefined;
  return loadTool(resolved.program);
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly streams?: Streams;
  readonly cwd?: string;
}

/** Runs a command for a program such as `xargs` or `env`; resolves with its exit code, 126 or 127 with the complaint made. */
export async function runCommand(context: ToolContext, argv: readonly string[], options: CommandOptions = {}): Promise<number> {
  context.flush();
  const { host, io } = context;
  const { env = context.env, streams = context.streams, cwd = context.cwd } = options;
  const tool = await insideTool(host, { argv, env, cwd });
  if (tool !== undefined) return runTool(tool, createContext({ host, io, argv, env, cwd, streams, umask: context.umask }));
  const pid = startCommand(context, argv, { env, streams, cwd });
  return pid < 0 ? explainFailure(context, argv[0] ?? '', pid) : statusOf(await host.call<ExitStatus>({ type: 'wait', pid }));
}

export function startCommand(
  context: Pick<ToolContext, 'host'>,
  argv: readonly string[],
  { env, streams, cwd }: { env: Readonly<Record<string, string>>; streams: Streams; cwd: string },
): number {
  const [file = ''] = argv;
  const resolved = resolveCommand(context.host.fs, { file, argv, env, cwd });
  if (typeof resolved === 'number') return resolved;
  const children = new ChildStreams(context.host, streams);
  const request = { program: resolved.program, argv: resolved.argv, env, cwd, stdio: children.stdio, newGroup: false };
  const pid = context.host.callSync({ type: 'spawn', request });
  if (pid < 0) children.abandon();
  return pid;
}

export function explainFailure(context: ToolContext, name: string, errno: number): number {
  context.writeError(`${context.name}: ${name}: ${spawnFailure(name, errno)}\n`);
  return errno === ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

export function statusOf({ code, signal }: ExitStatus): number {
  return code ?? SIGNAL_BASE + (signalNumber(signal ?? '') ?? 0);
}
