// A program on a pseudo terminal, without anything that the image must bring: node-pty's prebuilt binding where the driver
// mounted it, else python3's pty module, else util-linux `script`. Runs in the agent, inside the box.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import type { ExitStatus } from '#protocol';

export interface TerminalOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalProcess {
  readonly pid: number;
  readonly output: NodeJS.ReadableStream;
  readonly exit: Promise<ExitStatus>;
  write(bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  close(): void;
}

interface NativePty {
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    isUtf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number };
  resize(fd: number, columns: number, rows: number): void;
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** Throws what spawning throws. */
export function openTerminal(options: TerminalOptions): TerminalProcess {
  const native = loadNative();
  return native ? openNative(native, options) : openByPython(options);
}

function loadNative(): NativePty | null {
  const file = process.env['VERKLET_PTY'] ?? '';
  if (file === '' || !existsSync(file)) return null;
  try {
    const module = { exports: {} };
    process.dlopen(module, file);
    return module.exports as NativePty;
  } catch {
    return null; // built for another C library: python3 does it
  }
}

function openNative(pty: NativePty, { argv, cwd, env, columns, rows }: TerminalOptions): TerminalProcess {
  const [file = '', ...args] = argv;
  const exited = Promise.withResolvers<ExitStatus>();
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const { fd, pid } = pty.fork(file, args, pairs, cwd, columns, rows, -1, -1, true, '', (code, signal) =>
    exited.resolve(signal > 0 ? { code: null, signal: signalNames.get(signal) ?? 'SIGKILL' } : { code, signal: null }),
  );
  const output = new ReadStream(fd);
  const unsent: Uint8Array[] = [];
  const send = (): void => {
    for (let next = unsent[0]; next !== undefined; next = unsent[0]) {
      try {
        const written = writeSync(fd, next);
        if (written < next.length) unsent[0] = next.subarray(written);
        else unsent.shift();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return void unsent.splice(0); // the terminal is gone
        return void setTimeout(send, 5); // its input queue is full: the program does not read
      }
    }
  };
  return {
    pid,
    output,
    exit: exited.promise,
    write: (bytes) => {
      if (unsent.push(bytes) === 1) send();
    },
    resize: (columnCount, rowCount) => pty.resize(fd, columnCount, rowCount),
    kill: (signal) => killGroup(pid, signal),
    close: () => output.destroy(),
  };
}

// Control lines on fd 3: "columns rows". The helper is the terminal's only owner, so its death hangs the program up.
const HELPER = `
import fcntl, os, pty, select, signal, struct, sys, termios
def size(fd, cols, rows): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))
cols, rows, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    try: os.execvp(argv[0], argv)
    except OSError as e: os.write(2, ('%s: %s\\n' % (argv[0], e.strerror)).encode()); os._exit(127)
size(fd, cols, rows)
sources = [fd, 0, 3]
while True:
    for ready in select.select(sources, [], [])[0]:
        if ready == fd:
            try: data = os.read(fd, 65536)
            except OSError: data = b''
            if not data:
                status = os.waitpid(pid, 0)[1]
                if os.WIFSIGNALED(status):
                    signal.signal(os.WTERMSIG(status), signal.SIG_DFL); os.kill(os.getpid(), os.WTERMSIG(status))
                os._exit(os.WEXITSTATUS(status))
            while data: data = data[os.write(1, data):]
        elif ready == 0:
            data = os.read(0, 65536)
            if not data: sources.remove(0)
            while data: data = data[os.write(fd, data):]
        else:
            line = os.read(3, 4096).decode().split('\\n')
            if line == ['']: sources.remove(3)
            else:
                words = [l for l in line if l][-1].split()
                if words[0] == 'kill':
                    try: os.killpg(os.tcgetpgrp(fd), int(words[1]))
                    except OSError: pass
                else: size(fd, int(words[0]), int(words[1]))
`;

function openByPython({ argv, cwd, env, columns, rows }: TerminalOptions): TerminalProcess {
  const child = spawn('python3', ['-c', HELPER, String(columns), String(rows), ...argv], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  const control = child.stdio[3] as NodeJS.WritableStream;
  const exited = Promise.withResolvers<ExitStatus>();
  child.on('exit', (code, signal) => exited.resolve({ code, signal }));
  child.on('error', () => exited.resolve({ code: 127, signal: null }));
  child.stdin.on('error', () => undefined); // the program ended while we typed
  control.on('error', () => undefined);
  return {
    pid: child.pid ?? 0,
    output: child.stdout,
    exit: exited.promise,
    write: (bytes) => void child.stdin.write(bytes),
    resize: (columnCount, rowCount) => void control.write(`${columnCount} ${rowCount}\n`),
    kill: (signal) => void control.write(`kill ${constants.signals[signal as NodeJS.Signals] ?? 15}\n`),
    close: () => void child.stdin.end(),
  };
}

function killGroup(pid: number, signal: string): void {
  try {
    process.kill(-pid, signal as NodeJS.Signals);
  } catch {
    // it is gone already
  }
}
