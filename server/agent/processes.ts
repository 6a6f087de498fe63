// Starts programs in the box and joins their stdio to link streams. Runs in the agent, inside the box.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { constants } from 'node:os';
import type { ExitStatus, LinkStream, ProcessCommand, ProcessEvent, StreamEvents, StreamOpening } from '#protocol';
import { openTerminal, type TerminalProcess } from './terminal.ts';

type SpawnOpening = Extract<StreamOpening, { type: 'spawn' }>;

/** A background child may hold the output open for ever: after its parent's exit, this long without output ends it. */
const OUTPUT_GRACE_MS = 150;
/** What a program of the box finds in its environment unless the command says otherwise. */
const TERMINAL_ENV = { TERM: 'xterm-256color', COLORTERM: 'truecolor' };

export interface ProcessesOptions {
  /** Wins over what the client sends: paths of the other host mean nothing here. */
  readonly env: Readonly<Record<string, string>>;
  /** Settles when the files that a process left are sent; the number of the batch that has them. */
  readonly flush: () => Promise<number>;
  readonly onCount: (running: number) => void;
}

interface Running {
  kill(signal: string): void;
}

export class Processes {
  readonly #options: ProcessesOptions;
  readonly #running = new Set<Running>();
  /** Streams of stderr that came before or after their process. */
  readonly #errors = new Map<number, LinkStream>();

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** The opening of a stderr stream, which the client sends before its process. */
  addErrors(of: number, stream: LinkStream): StreamEvents {
    this.#errors.set(of, stream);
    return { onReset: () => void this.#errors.delete(of) };
  }

  start(opening: SpawnOpening, stream: LinkStream): StreamEvents {
    const env = environment(opening, this.#options.env);
    const errors = this.#errors.get(stream.id) ?? null;
    this.#errors.delete(stream.id);
    return opening.terminal ? this.#startTerminal(opening, opening.terminal, env, stream) : this.#startPiped(opening, env, stream, errors);
  }

  killAll(): void {
    for (const process of this.#running) process.kill('SIGKILL');
  }

  #startPiped({ argv, cwd }: SpawnOpening, env: Record<string, string>, stream: LinkStream, errors: LinkStream | null): StreamEvents {
    const [file = '', ...args] = argv;
    let child: ChildProcessWithoutNullStreams;
    try {
      child = spawn(file, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    } catch (error) {
      return failLater(stream, errors, error as NodeJS.ErrnoException);
    }
    const running: Running = { kill: (signal) => killGroup(child.pid, signal) };
    const pumps = [pump(child.stdout, stream), errors ? pump(child.stderr, errors) : null];
    if (errors) errors.events = { onDrain: () => child.stderr.resume(), onReset: () => child.stderr.resume() };
    child.stdin.on('error', () => undefined); // the program does not read its input: that is its choice
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      fail(stream, errors, error);
    });
    child.on('spawn', () => {
      this.#add(running);
      stream.message({ type: 'started', pid: child.pid ?? 0 } satisfies ProcessEvent);
    });
    child.on('exit', (code, signal) => {
      this.#remove(running);
      void Promise.all(pumps.map((each) => each?.drained())).then(() => this.#end(stream, errors, { code, signal }));
    });
    return {
      onData: (bytes) => {
        if (child.stdin.destroyed) return stream.taken(bytes.length);
        child.stdin.write(bytes, () => stream.taken(bytes.length));
      },
      onEnd: () => child.stdin.end(),
      onDrain: () => child.stdout.resume(),
      onMessage: (message) => command(message as ProcessCommand, running, null),
      onReset: () => {
        killGroup(child.pid, 'SIGHUP');
        child.stdout.resume();
      },
    };
  }

  #startTerminal(
    { argv, cwd }: SpawnOpening,
    size: { columns: number; rows: number },
    env: Record<string, string>,
    stream: LinkStream,
  ): StreamEvents {
    let terminal: TerminalProcess;
    try {
      terminal = openTerminal({ argv, cwd, env: { ...TERMINAL_ENV, ...env }, ...size });
    } catch (error) {
      return failLater(stream, null, error as NodeJS.ErrnoException);
    }
    this.#add(terminal);
    stream.message({ type: 'started', pid: terminal.pid } satisfies ProcessEvent);
    const output = pump(terminal.output, stream);
    void terminal.exit.then(async (status) => {
      this.#remove(terminal);
      await output.drained();
      terminal.close();
      await this.#end(stream, null, status);
    });
    return {
      onData: (bytes) => {
        terminal.write(bytes);
        stream.taken(bytes.length);
      },
      onDrain: () => terminal.output.resume(),
      onMessage: (message) => command(message as ProcessCommand, terminal, terminal),
      onReset: () => {
        terminal.kill('SIGHUP');
        terminal.output.resume();
      },
    };
  }

  async #end(stream: LinkStream, errors: LinkStream | null, status: ExitStatus): Promise<void> {
    const batch = await this.#options.flush();
    errors?.end();
    stream.message({ type: 'exited', status, batch } satisfies ProcessEvent);
    stream.end();
  }

  #add(process: Running): void {
    this.#running.add(process);
    this.#options.onCount(this.#running.size);
  }

  #remove(process: Running): void {
    this.#running.delete(process);
    this.#options.onCount(this.#running.size);
  }
}

function command(message: ProcessCommand, process: Running, terminal: TerminalProcess | null): void {
  if (message.type === 'kill' && Object.hasOwn(constants.signals, message.signal)) process.kill(message.signal);
  else if (message.type === 'resize') terminal?.resize(message.columns, message.rows);
}

/** The process's group: what it started goes with it, as Ctrl-C does in a terminal. */
function killGroup(pid: number | undefined, signal: string): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal as NodeJS.Signals);
  } catch {
    // it is gone already
  }
}

interface Pump {
  /** Resolves when the source ended, or was quiet for a moment after its process had. */
  drained(): Promise<void>;
}

/** Moves output into the stream while there is credit; pauses the source, and so the program, when there is none. */
function pump(source: NodeJS.ReadableStream, stream: LinkStream): Pump {
  const ended = Promise.withResolvers<void>();
  let lastOutputMs = performance.now();
  source.on('data', (bytes: Buffer) => {
    lastOutputMs = performance.now();
    stream.write(bytes);
    if (!stream.canSend) source.pause();
  });
  source.on('end', () => ended.resolve());
  source.on('close', () => ended.resolve());
  source.on('error', () => ended.resolve()); // a terminal ends with EIO
  return {
    async drained() {
      const quiet = Promise.withResolvers<void>();
      const check = setInterval(() => {
        if (!source.isPaused() && performance.now() - lastOutputMs > OUTPUT_GRACE_MS) quiet.resolve();
      }, OUTPUT_GRACE_MS / 3);
      await Promise.race([ended.promise, quiet.promise]);
      clearInterval(check);
    },
  };
}

function failLater(stream: LinkStream, errors: LinkStream | null, error: NodeJS.ErrnoException): StreamEvents {
  queueMicrotask(() => fail(stream, errors, error));
  return {};
}

function fail(stream: LinkStream, errors: LinkStream | null, error: NodeJS.ErrnoException): void {
  stream.message({ type: 'failed', code: error.code ?? 'EUNKNOWN', message: error.message } satisfies ProcessEvent);
  stream.end();
  errors?.end();
}

/** The client's environment with this host's paths: folders of the workspace in its PATH stay in front. */
function environment({ env, cwd }: SpawnOpening, box: Readonly<Record<string, string>>): Record<string, string> {
  const own = (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/workdir'));
  return { ...env, ...box, PATH: [...own, box['PATH'] ?? '/usr/bin:/bin'].join(':'), PWD: cwd };
}
