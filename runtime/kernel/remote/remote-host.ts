// The server as the kernel sees it: whether programs may go there, those that did, and the ports they opened. Kernel worker.
import {
  toErrorData,
  PYTHON_SESSION_MODULE,
  VerkletError,
  type Connection,
  type Diagnostic,
  type ErrorData,
  type ExitStatus,
  type FromPromotion,
  type Placement,
  type PromotionSignal,
  type SpawnRequest,
  type ToPromotion,
} from '#protocol';
import { needOf } from '../boundary.ts';
import type { Doorbell } from '../ipc/doorbell.ts';
import { RemoteConnections } from './remote-connections.ts';
import { parseFromPromotion } from './remote-messages.ts';
import { RemoteProcess } from './remote-process.ts';
import type { FileHandles } from './remote-stdio.ts';

/** Stays in the tab while a session is active: a terminal's shell keeps its history and starts what it is told to. */
const STAYS: ReadonlySet<string> = new Set(['sh']);

export interface RemoteHostOptions {
  readonly doorbell: Doorbell;
  readonly files: FileHandles;
  /** Says in the workspace that a session is active, for programs that look. */
  readonly setMarker: (isActive: boolean) => void;
  readonly onPorts: (ports: readonly number[]) => void;
  readonly onRunning: (rule: 'continue' | 'restart' | 'stop') => void;
  readonly report: (diagnostic: Diagnostic) => void;
}

export class RemoteHost {
  readonly #options: RemoteHostOptions;
  readonly #processes = new Map<number, RemoteProcess>();
  readonly #answers = new Map<number, (error: ErrorData | null) => void>();
  readonly #connections: RemoteConnections;
  #port: MessagePort | null = null;
  #placement: Placement = 'tab';
  #nextId = 1;

  constructor(options: RemoteHostOptions) {
    this.#options = options;
    this.#connections = new RemoteConnections(options.doorbell, (message) => this.#post(message));
  }

  get placement(): Placement {
    return this.#placement;
  }

  /** The SDK's promotion client takes over. */
  attach(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      try {
        this.#receive(parseFromPromotion(data));
      } catch (error) {
        this.#options.report({ atMs: Date.now(), type: 'error-raised', error: toErrorData(error) });
      }
    });
    port.start();
  }

  /** Why a program that the tab could run goes to the server all the same; null when it does not. */
  claims(request: SpawnRequest, parentProgram: string | null): PromotionSignal | null {
    if (this.#placement !== 'server' || request.ipcDescriptor !== undefined || request.thread !== undefined || STAYS.has(request.program))
      return null;
    // A notebook's interpreter is ours, and a server has none; files are mirrored, so it sees the same ones.
    if (request.argv.includes(PYTHON_SESSION_MODULE)) return null;
    // Children of the tab's own programs stay with them; what a person starts goes where the session is.
    if (parentProgram !== null && !STAYS.has(parentProgram)) return null;
    return { code: 'session-active', subject: request.argv[0] ?? '', because: 'the workspace is in a server session' };
  }

  /** Why a program cannot run in the tab. */
  static signalFor({ argv }: SpawnRequest): PromotionSignal {
    const subject = argv[0] ?? '';
    const name = subject.slice(subject.lastIndexOf('/') + 1);
    const need = needOf(name);
    return need === null ? { code: 'native-binary', subject, because: 'it is compiled for Linux' } : { subject: name, ...need };
  }

  start(pid: number, request: SpawnRequest, signal: PromotionSignal, onEnd: (status: ExitStatus) => void): RemoteProcess {
    const process = new RemoteProcess({
      pid,
      request,
      signal,
      doorbell: this.#options.doorbell,
      files: this.#options.files,
      post: (message, transfer) => this.#post(message, transfer),
      onEnd: (status) => {
        this.#processes.delete(pid);
        onEnd(status);
      },
    });
    this.#processes.set(pid, process);
    return process;
  }

  /** Null when the command may leave the tab. */
  ask(signal: PromotionSignal, command: string): Promise<ErrorData | null> {
    if (this.#port === null || this.#placement === 'tab') {
      return Promise.resolve(new VerkletError('ERR_SERVER_NOT_CONFIGURED', { what: `${signal.subject} (${signal.because})` }).toJSON());
    }
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#post({ type: 'ask-promotion', id, signal, command });
    });
  }

  connect(port: number, connection: Connection): void {
    this.#connections.open(port, connection);
  }

  close(): void {
    this.#connections.closeAll();
    this.#port?.close();
    this.#port = null;
  }

  #receive(message: FromPromotion): void {
    switch (message.type) {
      case 'set-placement':
        this.#placement = message.placement;
        return this.#options.setMarker(message.placement === 'server');
      case 'move-running':
        return this.#options.onRunning(message.rule);
      case 'promotion-answer':
        this.#answers.get(message.id)?.(message.error);
        this.#answers.delete(message.id);
        return;
      case 'remote-note':
        return this.#processes.get(message.pid)?.note(message.text);
      case 'remote-output':
        return this.#processes.get(message.pid)?.deliver(message.stream, message.bytes);
      case 'remote-input-taken':
        return this.#processes.get(message.pid)?.inputTaken(message.sizeBytes);
      case 'remote-ended':
        return this.#processes.get(message.pid)?.end(message.status);
      case 'remote-failed':
        return this.#processes.get(message.pid)?.fail(message.error);
      case 'set-remote-ports':
        return this.#options.onPorts(message.ports);
      case 'connection-data':
      case 'connection-taken':
      case 'connection-end':
      case 'connection-closed':
        return this.#connections.receive(message);
      default:
        message satisfies never;
    }
  }

  #post(message: ToPromotion, transfer: Transferable[] = []): void {
    this.#port?.postMessage(message, transfer);
  }
}
