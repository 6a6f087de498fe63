// Messages between the kernel worker and its process workers (one origin, same trust: types suffice).
// Bytes never travel here: stdio and sockets are shared-memory pipes (runtime/kernel/ipc).
import type { DisplayEvent } from './display.ts';
import type { PromotionSignal } from './promotion.ts';

/** A one-way byte ring in shared memory; see runtime/kernel/ipc/pipe.ts for the layout. */
export type PipeMemory = SharedArrayBuffer;

/** A full-duplex byte stream as one end sees it. */
export interface Connection {
  readonly receive: PipeMemory;
  readonly send: PipeMemory;
}

/** What stands behind an inherited file descriptor; the index in the list is the descriptor. */
export type Stdio =
  | { readonly kind: 'null' }
  | { readonly kind: 'pipe'; readonly memory: PipeMemory; readonly direction: 'read' | 'write' }
  /** Full-duplex, as a socketpair: what Node gives children for stdio pipes and IPC. */
  | { readonly kind: 'duplex'; readonly connection: Connection }
  /** `control` is the terminal's shared control block (size, modes): runtime/kernel/ipc/terminal-control.ts. */
  | { readonly kind: 'terminal'; readonly terminalId: number; readonly connection: Connection; readonly control: SharedArrayBuffer }
  /** A shared open file description of the file system. */
  | { readonly kind: 'file'; readonly handle: number };

/** `null` where the process was ended by a signal. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The reply to an untraced wait. */
export interface ChildChange extends ExitStatus {
  readonly stopped?: string;
}

export type NetAddress =
  /** A listener may leave IPv4 to others, or share its address with those who share it, too. */
  | { readonly family: 'tcp'; readonly host: string; readonly port: number; readonly isIPv6Only?: boolean; readonly isShared?: boolean }
  | { readonly family: 'unix'; readonly path: string };

/** What makes a worker_threads worker of a process worker. */
export interface ThreadStart {
  readonly threadId: number;
  readonly name: string;
  /** What `process.pid` and `process.ppid` show: those of the process it belongs to. */
  readonly pid: number;
  readonly ppid: number;
  readonly isInternal: boolean;
  readonly resourceLimits: readonly number[];
  /** The port between creator and thread: bytes in shared memory, everything else over `companion`. */
  readonly connection: Connection;
  readonly companion: MessagePort;
}

export interface SpawnRequest {
  /** A built-in program: `node`, `sh`, `npm`, `ls`... Resolved by the caller (runtime/process/exec.ts). */
  readonly program: string;
  /** `argv[0]` included. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdio: readonly Stdio[];
  /** Starts a new process group, as `detached` in Node. */
  readonly newGroup: boolean;
  /** What a program hands to a copy of itself: a forked shell gets its variables and functions this way. */
  readonly inherited?: unknown;
  /** Set for a thread of the calling process: it ends with its creator, and nobody lists or signals it. */
  readonly thread?: ThreadStart;
  /** Descriptor index of the Node IPC channel, if any. */
  readonly ipcDescriptor?: number;
}

/** Calls a process makes to the kernel. Replies are `number` (a value, or a negative Linux errno) or the named object. */
export type KernelCall =
  | { readonly type: 'spawn'; readonly request: SpawnRequest } // -> pid
  | { readonly type: 'kill'; readonly pid: number; readonly signal: number } // pid < 0: process group; signal 0 probes
  /** `noHang` absent: -> ExitStatus, once the child ended. Present: at once -> { pid, status }, or 0 while it runs; `pid` -1 is any child.
   * `untraced`: -> ChildChange, also when the child was stopped. */
  | { readonly type: 'wait'; readonly pid: number; readonly noHang?: boolean; readonly untraced?: boolean }
  /** -> { listenerId, port }. A process that blocks gives a queue; others get `deliver-connection`. */
  | { readonly type: 'listen'; readonly address: NetAddress; readonly exclusive: boolean; readonly queue?: AcceptQueueData }
  /** Memory for one more connection of a listener with a queue. */
  | { readonly type: 'supply-connection'; readonly listenerId: number; readonly connection: Connection }
  | { readonly type: 'unlisten'; readonly listenerId: number }
  | { readonly type: 'accept'; readonly listenerId: number } // -> IncomingConnection; for processes that block
  /** -> OutgoingConnection. A process that blocks gives the memory; it cannot be sent any. */
  | { readonly type: 'connect'; readonly address: NetAddress; readonly connection?: Connection }
  | { readonly type: 'set-process-group'; readonly pid: number; readonly group: number }
  /** From now on a child goes on in the caller's place: signals that would end the caller are the child's. */
  | { readonly type: 'set-successor'; readonly pid: number }
  | { readonly type: 'set-foreground'; readonly terminalId: number; readonly group: number }
  | { readonly type: 'list-processes' } // -> ProcessInfo[]
  | { readonly type: 'open-package-cache'; readonly port: MessagePort } // -> 0 when the store worker answers on the other end
  | { readonly type: 'bind-datagram'; readonly address: DatagramAddress; readonly isShared: boolean } // -> { socketId, port }
  | { readonly type: 'close-datagram'; readonly socketId: number }
  | { readonly type: 'join-group'; readonly socketId: number; readonly group: string; readonly isMember: boolean }
  | { readonly type: 'send-datagram'; readonly socketId: number; readonly to: DatagramAddress; readonly bytes: Uint8Array } // -> how many heard it
  | { readonly type: 'reserve-thread' } // -> a number for a worker_threads worker, unique in the workspace
  /**
   * Asks that this process's command runs in a server session instead: from its start, with the same pid, stdio, cwd and
   * environment. Granted, nothing after the call runs: the worker is ended. Otherwise the reply is a `PromotionRefusal`.
   * Only for a process that has not written, read or changed anything yet.
   */
  | { readonly type: 'promote'; readonly signal: PromotionSignal };

export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  readonly group: number;
  readonly command: string;
  readonly startedAtMs: number;
}

export interface DatagramAddress {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
  /** An IPv6 socket that does not hear IPv4. */
  readonly isIPv6Only?: boolean;
}

export interface Datagram {
  readonly socketId: number;
  readonly from: DatagramAddress;
  readonly bytes: Uint8Array;
}

export interface IncomingConnection {
  readonly listenerId: number;
  readonly connection: Connection;
  readonly remote: { readonly address: string; readonly port: number };
  readonly local: { readonly address: string; readonly port: number };
}

/** For a listener of a process that blocks: runtime/kernel/accept-queue.ts. */
export interface AcceptQueueData {
  /** One record per connection that came; the process holds the read end. */
  readonly ready: PipeMemory;
  /** Ends for the process, held by nobody yet. */
  readonly connections: readonly Connection[];
}

export interface OutgoingConnection {
  readonly connection: Connection;
  /** The far end is a listener of the same process, and this memory of its queue is used instead of what was given. */
  readonly queued?: { readonly listenerId: number; readonly id: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly local: { readonly address: string; readonly port: number };
}

/** Everything a worker needs before it may take part: sent once, when the broker made it. */
export interface AttachMessage {
  readonly type: 'attach-worker';
  readonly slot: number;
  /** The worker holds the Web Lock of this name for life; it being free is the proof of death. */
  readonly lifeLock: string;
  readonly slots: SharedArrayBuffer;
  readonly mailbox: SharedArrayBuffer;
  readonly fileSystem: FileSystemHandle;
  /** The worker will run a thread of a process: Node's base boots differently for those. */
  readonly isThread: boolean;
}

/** What a worker needs to map the workspace's file system. */
export interface FileSystemHandle {
  readonly memory: WebAssembly.Memory;
  readonly core: WebAssembly.Module;
}

/** What every Python worker starts from, loaded once per workspace: compiled code and an interpreter's memory. */
export interface PythonAssets {
  readonly wasm: WebAssembly.Module;
  /** Shared memory; a booted interpreter with the modules that programs import most. */
  readonly snapshot: SharedArrayBuffer;
  /** On the workspace origin, or of Blobs from the offline pack. pip's are empty where the build had none. */
  readonly urls: Readonly<Record<'loader' | 'module' | 'stdlib' | 'pipSnapshot' | 'pipWheel', string>>;
}

export type ToProcess =
  | AttachMessage
  | { readonly type: 'deliver-assets'; readonly assets: PythonAssets }
  | {
      readonly type: 'start-process';
      readonly pid: number;
      readonly ppid: number;
      readonly group: number;
      readonly request: SpawnRequest;
    }
  | { readonly type: 'call-reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'deliver-connection'; readonly incoming: IncomingConnection }
  | { readonly type: 'deliver-datagram'; readonly datagram: Datagram }
  | { readonly type: 'child-exited'; readonly pid: number; readonly status: ExitStatus };

export type FromProcess =
  /** The life lock is held, the file system is mapped and the program's base is booted. */
  | { readonly type: 'worker-ready' }
  | { readonly type: 'worker-failed'; readonly reason: string }
  /** `id` 0: no reply wanted. `isSync`: the caller blocks on its mailbox, not on a message. */
  | { readonly type: 'call-kernel'; readonly id: number; readonly isSync: boolean; readonly call: KernelCall }
  | { readonly type: 'process-exited'; readonly status: ExitStatus }
  /** Ends of a connection this process keeps: the kernel closes them when the process dies. */
  | { readonly type: 'hold-connection'; readonly connection: Connection }
  | { readonly type: 'report-unsupported'; readonly name: string }
  | { readonly type: 'report-display'; readonly event: DisplayEvent }
  | {
      readonly type: 'report-install';
      readonly done: number;
      readonly total: number;
      readonly sizeBytes: number;
      readonly name: string;
      readonly isFinished: boolean;
      readonly durationMs: number;
    };
