// A process's view of the system below it. Implemented by runtime/process/worker-host.ts over shared memory and the
// kernel's port; everything above (Node's bindings, the shell, the installer) sees only this.
import type {
  Connection,
  Datagram,
  DisplayEvent,
  ExitStatus,
  FromProcess,
  IncomingConnection,
  KernelCall,
  PipeMemory,
  SpawnRequest,
  Stdio,
} from '#protocol';
import type { FileSystem } from '../fs/file-system.ts';
import type { Pipe } from '../kernel/ipc/pipe.ts';
import type { Slots } from '../kernel/ipc/slots.ts';

/** Raised terminal modes and size, in shared memory: read and set without a message. */
export interface TerminalControl {
  readonly columns: number;
  readonly rows: number;
  isRaw: boolean;
  /** In raw mode Ctrl-C is still a signal. */
  keepsSignals: boolean;
  /** No echo. */
  isSilent: boolean;
}

export interface ProcessHost {
  readonly pid: number;
  /** Made for a thread of a process; known before {@link request} is. */
  readonly isThread: boolean;
  readonly ppid: number;
  readonly request: SpawnRequest;
  readonly fs: FileSystem;
  readonly slots: Slots;

  /** Wraps pipe memory from a message; the holder count is the sender's business. */
  openPipe(memory: SharedArrayBuffer): Pipe;
  /** A fresh full-duplex pair, both ends retained once: ours and the one to hand to a child. */
  createConnection(capacityBytes?: number): { readonly ours: Connection; readonly theirs: Connection };
  /** A pipe whose two ends this process holds. */
  createPipe(): PipeMemory;
  /** Takes over the ends of a connection that worker `holder` held for us. */
  takeConnection(connection: Connection, holder: number): void;
  terminalControl(stdio: Extract<Stdio, { kind: 'terminal' }>): TerminalControl;

  /** Asks the kernel; the reply is a value, an object, or a negative errno. */
  call<T = number>(call: KernelCall): Promise<T>;
  /** The same, blocking this worker. */
  callSync<T = number>(call: KernelCall): T;

  /** Called whenever the doorbell rang: check your pipes, signals and listeners here. Runs as a task, never nested. */
  onDoorbell: (() => void) | null;
  onSignal: ((signal: number) => void) | null;
  onConnection: ((incoming: IncomingConnection) => void) | null;
  onDatagram: ((datagram: Datagram) => void) | null;
  onChildExit: ((pid: number, status: ExitStatus) => void) | null;

  /** A call without an implementation happened: counted, and sent as a diagnostic once per name. */
  reportUnsupported(name: string): void;
  /** Something to be seen, for the SDK's display events. */
  reportDisplay(event: DisplayEvent): void;
  /** Progress of a package installation, for the diagnostics stream. */
  reportInstall(progress: Omit<Extract<FromProcess, { type: 'report-install' }>, 'type'>): void;
  /** Ends this process now; nothing after it runs. */
  exit(status: ExitStatus): never;
  /** Ends this process when nothing is left to run: the worker goes at once, where {@link exit} parks it for its killer. */
  leave(status: ExitStatus): void;
}
