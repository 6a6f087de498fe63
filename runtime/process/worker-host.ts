// ProcessHost over shared memory and the kernel's messages. Runs in every process worker (Node, shell tools).
import type {
  AttachMessage,
  Connection,
  Datagram,
  DisplayEvent,
  ExitStatus,
  FromProcess,
  IncomingConnection,
  KernelCall,
  PipeMemory,
  PythonAssets,
  SpawnRequest,
  Stdio,
  ToProcess,
} from '#protocol';
import type { FileSystem } from '../fs/file-system.ts';
import { SharedFileSystem } from '../fs/shared-file-system.ts';
import { Pipe } from '../kernel/ipc/pipe.ts';
import { Slots } from '../kernel/ipc/slots.ts';
import { SharedTerminalControl } from '../kernel/ipc/terminal-control.ts';
import type { ProcessHost, TerminalControl } from './host.ts';
import { Mailbox } from './mailbox.ts';

/** The part of a worker's global scope that is needed, captured before a program's globals replace it. */
export interface WorkerScope {
  postMessage(message: FromProcess, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToProcess>) => void): void;
  close(): void;
  readonly navigator: { readonly locks: LockManager };
}

export interface AttachedWorker {
  /** Usable at once; `pid` and `request` are empty until {@link started} resolves. */
  readonly host: ProcessHost;
  /** Tells the broker that this worker may be given a process. */
  ready(): void;
  /** Resolves with the process this worker is to be. Called once. */
  readonly started: Promise<ProcessHost>;
  /** What Python needs; never comes in workers of other kinds. */
  readonly assets: Promise<PythonAssets>;
}

/** Waits for the kernel's attach message, proves life by a lock, maps the file system. */
export function attachWorker(scope: WorkerScope): Promise<AttachedWorker> {
  return new Promise((resolve) => {
    let host: WorkerHost | null = null;
    let start: (host: ProcessHost) => void;
    const started = new Promise<ProcessHost>((done) => (start = done));
    const assets = Promise.withResolvers<PythonAssets>();
    scope.addEventListener('message', ({ data }) => {
      if (data.type === 'attach-worker') {
        void holdLifeLock(scope, data.lifeLock).then(() => {
          host = new WorkerHost(scope, data);
          resolve({ host, ready: () => scope.postMessage({ type: 'worker-ready' }), started, assets: assets.promise });
        });
      } else if (data.type === 'start-process') {
        host?.start(data);
        if (host) start(host);
      } else if (data.type === 'deliver-assets') assets.resolve(data.assets);
      else host?.receive(data);
    });
  });
}

/** Resolves once the lock is held; it is never given back while this worker lives. */
function holdLifeLock(scope: WorkerScope, name: string): Promise<void> {
  return new Promise((held) => {
    void scope.navigator.locks.request(name, () => {
      held();
      return new Promise<never>(() => undefined);
    });
  });
}

class WorkerHost implements ProcessHost {
  readonly slots: Slots;
  readonly fs: FileSystem;
  readonly isThread: boolean;
  pid = 0;
  ppid = 0;
  request: SpawnRequest = { program: '', argv: [], env: {}, cwd: '/', stdio: [], newGroup: false };
  onDoorbell: (() => void) | null = null;
  onSignal: ((signal: number) => void) | null = null;
  onConnection: ((incoming: IncomingConnection) => void) | null = null;
  onDatagram: ((datagram: Datagram) => void) | null = null;
  onChildExit: ((pid: number, status: ExitStatus) => void) | null = null;

  readonly #scope: WorkerScope;
  readonly #mailbox: Mailbox;
  readonly #pending = new Map<number, (value: never) => void>();
  readonly #reported = new Set<string>();
  #nextCall = 1;

  constructor(scope: WorkerScope, attach: AttachMessage) {
    this.#scope = scope;
    this.isThread = attach.isThread;
    this.slots = new Slots(attach.slots, attach.slot);
    this.#mailbox = new Mailbox(attach.mailbox);
    this.fs = SharedFileSystem.attach(attach.fileSystem, this.slots);
  }

  start(message: Extract<ToProcess, { type: 'start-process' }>): void {
    this.pid = message.pid;
    this.ppid = message.ppid;
    this.request = message.request;
    void this.#listenToDoorbell();
  }

  receive(message: Exclude<ToProcess, { type: 'attach-worker' | 'start-process' | 'deliver-assets' }>): void {
    switch (message.type) {
      case 'call-reply': {
        const settle = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        settle?.(message.value as never);
        return;
      }
      case 'deliver-connection':
        this.onConnection?.(message.incoming);
        return;
      case 'deliver-datagram':
        this.onDatagram?.(message.datagram);
        return;
      case 'child-exited':
        this.onChildExit?.(message.pid, message.status);
        return;
      default:
        message satisfies never;
    }
  }

  openPipe(memory: SharedArrayBuffer): Pipe {
    return new Pipe(memory, this.slots);
  }

  createConnection(capacityBytes?: number): { ours: Connection; theirs: Connection } {
    const [there, back] = [Pipe.create(capacityBytes), Pipe.create(capacityBytes)];
    for (const memory of [there, back]) {
      const pipe = this.openPipe(memory);
      pipe.retain('read');
      pipe.retain('write');
    }
    const ours = { receive: back, send: there };
    this.#scope.postMessage({ type: 'hold-connection', connection: ours });
    return { ours, theirs: { receive: there, send: back } };
  }

  createPipe(): PipeMemory {
    const memory = Pipe.create();
    const pipe = this.openPipe(memory);
    pipe.retain('read');
    pipe.retain('write');
    this.#scope.postMessage({ type: 'hold-connection', connection: { receive: memory, send: memory } });
    return memory;
  }

  takeConnection(connection: Connection, holder: number): void {
    for (const { memory, end } of [
      { memory: connection.receive, end: 'read' },
      { memory: connection.send, end: 'write' },
    ] as const) {
      const pipe = this.openPipe(memory);
      pipe.transfer(end, holder, this.slots.self);
    }
    this.#scope.postMessage({ type: 'hold-connection', connection });
  }

  terminalControl(stdio: Extract<Stdio, { kind: 'terminal' }>): TerminalControl {
    return new SharedTerminalControl(stdio.control);
  }

  call<T = number>(call: KernelCall): Promise<T> {
    const id = this.#nextCall++;
    return new Promise<T>((resolve) => {
      this.#pending.set(id, resolve as (value: never) => void);
      this.#scope.postMessage({ type: 'call-kernel', id, isSync: false, call }, transferOf(call));
    });
  }

  callSync<T = number>(call: KernelCall): T {
    this.#scope.postMessage({ type: 'call-kernel', id: this.#nextCall++, isSync: true, call }, transferOf(call));
    for (;;) {
      const seen = this.slots.doorbell();
      const reply = this.#mailbox.take();
      if (reply) return reply.value as T;
      this.slots.wait(seen, 1000);
    }
  }

  reportUnsupported(name: string): void {
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#scope.postMessage({ type: 'report-unsupported', name });
  }

  reportDisplay(event: DisplayEvent): void {
    this.#scope.postMessage({ type: 'report-display', event });
  }

  reportInstall(progress: Omit<Extract<FromProcess, { type: 'report-install' }>, 'type'>): void {
    this.#scope.postMessage({ type: 'report-install', ...progress });
  }

  exit(status: ExitStatus): never {
    this.#scope.postMessage({ type: 'process-exited', status });
    this.#scope.close();
    // Nothing after an exit may run, and a worker cannot end itself: it parks here until the kernel terminates it.
    const parked = new Int32Array(new SharedArrayBuffer(4));
    for (;;) Atomics.wait(parked, 0, 0);
  }

  leave(status: ExitStatus): void {
    this.#scope.postMessage({ type: 'process-exited', status });
    this.#scope.close();
  }

  async #listenToDoorbell(): Promise<void> {
    while (!this.slots.isDead()) {
      const seen = this.slots.doorbell();
      for (const signal of this.slots.takeSignals()) this.onSignal?.(signal);
      this.onDoorbell?.();
      await this.slots.waitAsync(seen);
    }
  }
}

function transferOf(call: KernelCall): Transferable[] {
  if (call.type === 'spawn') return call.request.thread === undefined ? [] : [call.request.thread.companion];
  return 'port' in call ? [call.port] : [];
}
