// The control port to the SDK: checks each message, performs it, answers. Kernel worker.
import { proxy, transfer, type Remote } from 'comlink';
import {
  toErrorData,
  VerkletError,
  type Diagnostic,
  type DisplayEvent,
  type ExitStatus,
  type Explanation,
  type FileCall,
  type FromKernel,
  type Placement,
  type ToKernel,
} from '#protocol';
import { PYTHON_NAMES } from '../shell/program-names.ts';
import { explain, needOf, needText } from './boundary.ts';
import type { FileServiceApi, StoreResult } from './file-service.worker.ts';
import type { Doorbell } from './ipc/doorbell.ts';
import { MAX_SLOTS } from './ipc/slots.ts';
import { lookIntoPython } from './look-into-python.ts';
import type { PreviewFetches } from './preview/fetch-preview.ts';
import type { ProcessTable } from './process-table.ts';
import type { StoreLink } from './store-link.ts';
import { parseToKernel } from './sdk-messages.ts';
import { PipedStdio, SdkProcess } from './sdk-process.ts';
import { signalNumber } from './signals.ts';
import { Terminal } from './terminal.ts';

const KILL_GRACE_MS = 2000;
const ENOENT = -2;
const EACCES = -13;

export interface SdkPortOptions {
  readonly port: MessagePort;
  readonly files: Remote<FileServiceApi>;
  readonly processes: ProcessTable;
  readonly store: StoreLink;
  readonly doorbell: Doorbell;
  readonly createFetches: (post: (message: FromKernel, transfer?: Transferable[]) => void) => PreviewFetches;
  readonly onConfigure: (configuration: Extract<ToKernel, { type: 'configure-runtime' }>) => void;
  readonly onPromotion: (port: MessagePort) => void;
  readonly placement: () => Placement;
  readonly onDispose: () => Promise<void>;
}

type Spawn = Extract<ToKernel, { type: 'spawn-process' }>;

export class SdkPort {
  readonly #options: SdkPortOptions;
  readonly #processes = new Map<number, SdkProcess>();
  readonly #terminals = new Map<number, Terminal>();
  readonly #fetches: PreviewFetches;
  #environment: Readonly<Record<string, string>> = {};
  #nextTerminal = 1;

  constructor(options: SdkPortOptions) {
    this.#options = options;
    this.#fetches = options.createFetches((message, transfer) => this.post(message, transfer));
    options.port.addEventListener('message', ({ data, ports }: MessageEvent<unknown>) => void this.#receive(data, ports[0]));
    options.port.start();
  }

  post(message: FromKernel, transfer: Transferable[] = []): void {
    this.#options.port.postMessage(message, transfer);
  }

  report(diagnostic: Diagnostic): void {
    this.post({ type: 'report-diagnostic', diagnostic });
  }

  displayed(pid: number, event: DisplayEvent): void {
    this.post({ type: 'process-displayed', pid, event });
    if (event.type === 'clear') return;
    const sizeBytes = Object.values(event.data).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
    this.report({ atMs: Date.now(), type: 'display-shown', pid, mimeTypes: Object.keys(event.data), sizeBytes });
  }

  processEnded(pid: number, status: ExitStatus): void {
    const process = this.#processes.get(pid);
    if (!process) return;
    this.#processes.delete(pid);
    if (process.terminal) this.#terminals.delete(process.terminal.id);
    void process.end(status);
  }

  setForeground(terminalId: number, group: number): void {
    this.#terminals.get(terminalId)?.setForeground(group);
  }

  close(): void {
    this.#options.port.close();
  }

  async #receive(data: unknown, port?: MessagePort): Promise<void> {
    let id: number | null = null;
    try {
      const message = parseToKernel(data);
      id = 'id' in message ? message.id : null;
      await this.#perform(message, port);
    } catch (error) {
      if (id === null) this.report({ atMs: Date.now(), type: 'error-raised', error: toErrorData(error) });
      else this.post({ type: 'reply-error', id, error: toErrorData(error) });
    }
  }

  async #perform(message: ToKernel, port: MessagePort | undefined): Promise<void> {
    switch (message.type) {
      case 'configure-runtime':
        this.#environment = environmentOf(message);
        this.#options.onConfigure(message);
        return this.#reply(message.id, null);
      case 'call-files':
        return this.#callFiles(message.id, message.call);
      case 'attach-store':
        return this.#attachStore(message, port);
      case 'save-files':
        return this.#answer(message.id, await this.#options.files.save(message.name));
      case 'restore-files':
        return this.#answer(message.id, await this.#options.files.restore(message.snapshot));
      case 'spawn-process':
        return this.#reply(message.id, { pid: await this.#spawn(message) });
      case 'write-stdin':
        return this.#processes.get(message.pid)?.write(message.bytes);
      case 'end-stdin':
        return this.#processes.get(message.pid)?.endInput();
      case 'grant-output':
        return this.#processes.get(message.pid)?.credit.grant(message.sizeBytes);
      case 'kill-process':
        return this.#kill(message.pid, message.signal);
      case 'resize-terminal':
        return this.#processes.get(message.pid)?.terminal?.resize(message.columns, message.rows);
      case 'fetch-preview':
        return this.#fetches.start(message);
      case 'cancel-fetch':
        return this.#fetches.cancel(message.id);
      case 'grant-fetch':
        return this.#fetches.grant(message.id, message.sizeBytes);
      case 'explain-command':
        return this.#reply(message.id, await this.#explain(message));
      case 'attach-promotion':
        this.#options.onPromotion(message.port);
        return this.#reply(message.id, null);
      case 'dispose-runtime':
        await this.#options.onDispose();
        return this.#reply(message.id, null);
      default:
        message satisfies never;
    }
  }

  #reply(id: number, value: unknown, transfer: Transferable[] = []): void {
    this.post({ type: 'reply', id, value }, transfer);
  }

  #answer(id: number, result: StoreResult<unknown>): void {
    if ('error' in result) this.post({ type: 'reply-error', id, error: result.error });
    else this.#reply(id, result.value);
  }

  async #attachStore({ id, keepsFiles }: Extract<ToKernel, { type: 'attach-store' }>, port: MessagePort | undefined): Promise<void> {
    if (!port) throw new VerkletError('ERR_BAD_MESSAGE', { reason: 'attach-store brings no port' });
    this.#options.store.attach(port);
    if (!keepsFiles) return this.#reply(id, null);
    const files = this.#options.store.openFiles();
    this.#answer(id, await this.#options.files.attachStore(transfer(files, [files])));
  }

  async #callFiles(id: number, call: FileCall): Promise<void> {
    const { files } = this.#options;
    if (call.op === 'watch') {
      const { watchId } = call;
      await files.watch(
        watchId,
        call.path,
        call.recursive,
        proxy((event, path) => this.post({ type: 'files-changed', watchId, event, path })),
      );
      return this.#reply(id, null);
    }
    if (call.op === 'unwatch') {
      await files.unwatch(call.watchId);
      return this.#reply(id, null);
    }
    const result = await files.perform(call.op === 'mountZip' ? transfer(call, [call.control]) : call);
    if ('value' in result) return this.#reply(id, result.value, result.value instanceof Uint8Array ? [result.value.buffer] : []);
    if ('errno' in result) return this.post({ type: 'reply-error', id, errno: result.errno });
    return this.post({ type: 'reply-error', id, error: result.error });
  }

  #resolve(
    command: string,
    args: readonly string[],
    cwd: string,
    env = this.#environment,
  ): Promise<{ program: string; argv: readonly string[] } | number> {
    return this.#options.files.resolve({ file: command, argv: [command, ...args], env, cwd });
  }

  async #spawn({ command, args, options }: Spawn): Promise<number> {
    const env = { ...this.#environment, ...options.env };
    const resolved = await this.#resolve(command, args, options.cwd, env);
    if (typeof resolved === 'number') throw commandError(command, resolved);
    if (!(await this.#options.files.isFolder(options.cwd)))
      throw new VerkletError('ERR_BAD_OPTION', { name: 'cwd', reason: `${options.cwd} is not a folder` });
    const attached = options.terminal ? this.#openTerminal(options.terminal) : new PipedStdio(this.#options.doorbell);
    const terminalEnv = options.terminal ? { TERM: 'xterm-256color', COLORTERM: 'truecolor' } : {};
    const stdio = attached instanceof Terminal ? attached.stdio() : attached.stdio;
    const pid = this.#options.processes.spawn(null, {
      ...resolved,
      env: { ...terminalEnv, ...env, PWD: options.cwd },
      cwd: options.cwd,
      stdio,
      newGroup: true,
    });
    if (pid < 0) {
      if (attached instanceof Terminal) attached.close();
      else attached.finish();
      throw pid === ENOENT ? commandError(command, pid) : new VerkletError('ERR_TOO_MANY_PROCESSES', { limit: MAX_SLOTS - 2 });
    }
    if (attached instanceof Terminal) {
      attached.setForeground(pid);
      this.#options.processes.noteForeground(attached.id, pid);
    }
    this.#processes.set(pid, new SdkProcess(pid, attached, (message, transfer) => this.post(message, transfer)));
    if (options.timeoutMs !== undefined) setTimeout(() => this.#stop(pid), options.timeoutMs);
    return pid;
  }

  async #explain({ command, args, cwd }: Extract<ToKernel, { type: 'explain-command' }>): Promise<Explanation> {
    const resolved = await this.#resolve(command, args, cwd);
    if (typeof resolved === 'number') return explain(command, null, this.#options.placement());
    const { program, argv } = resolved;
    const isLookedInto = (PYTHON_NAMES as readonly string[]).includes(program) && this.#options.placement() !== 'server';
    const { processes, doorbell } = this.#options;
    const env = { ...this.#environment, PWD: cwd };
    const met = isLookedInto ? await lookIntoPython(processes, doorbell, { argv, env, cwd }) : [];
    return explain(command, program, this.#options.placement(), met);
  }

  #openTerminal(size: { columns: number; rows: number }): Terminal {
    const terminal: Terminal = new Terminal(this.#nextTerminal++, size, this.#options.doorbell, {
      show: (bytes) => this.#show(terminal, bytes),
      signalGroup: (group, signal) => void this.#options.processes.kill(-group, signal),
    });
    this.#terminals.set(terminal.id, terminal);
    return terminal;
  }

  #show(terminal: Terminal, bytes: Uint8Array): void {
    for (const process of this.#processes.values()) {
      if (process.terminal === terminal) this.post({ type: 'process-output', pid: process.pid, stream: 'stdout', bytes });
    }
  }

  #kill(pid: number, name: string): void {
    const signal = signalNumber(name);
    if (signal === undefined) throw new VerkletError('ERR_BAD_OPTION', { name: 'signal', reason: `${name} is not a signal` });
    if (this.#processes.has(pid)) this.#options.processes.kill(pid, signal);
  }

  /** SIGTERM first; what ignores it is killed. */
  #stop(pid: number): void {
    if (!this.#processes.has(pid)) return;
    this.#kill(pid, 'SIGTERM');
    setTimeout(() => this.#kill(pid, 'SIGKILL'), KILL_GRACE_MS);
  }
}

function environmentOf({ env, registryUrl }: Extract<ToKernel, { type: 'configure-runtime' }>): Record<string, string> {
  return {
    // What pip installs without a virtual environment comes last.
    PATH: '/usr/local/bin:/usr/bin:/bin:/workdir/.local/bin',
    HOME: '/home/user',
    USER: 'user',
    LOGNAME: 'user',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    TMPDIR: '/tmp',
    VERKLET_REGISTRY: registryUrl,
    ...env,
  };
}

function commandError(command: string, errno: number): VerkletError {
  if (errno === EACCES) return new VerkletError('ERR_NOT_EXECUTABLE', { command });
  const need = needOf(command);
  return need === null
    ? new VerkletError('ERR_COMMAND_NOT_FOUND', { command })
    : new VerkletError('ERR_SERVER_NOT_CONFIGURED', { what: needText(command, need) });
}
