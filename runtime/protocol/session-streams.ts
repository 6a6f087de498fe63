// What streams of a link carry: the opening payloads and messages between the SDK, the server and the agent in the box.
// The agent and the server validate; the SDK trusts its server.
import type { ExitStatus } from './process.ts';

/** Folders that never travel: the other side makes them anew from a lockfile, or does not need them. */
export const UNMIRRORED_NAMES: readonly string[] = ['node_modules', '.venv', '__pycache__'];
/** A larger file stays where it was made, and is reported. */
export const MAX_MIRRORED_FILE_BYTES = 32 * 1024 * 1024;
/** Where the workspace is, on both hosts. */
export const WORKSPACE_ROOT = '/workdir';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Client -> agent, as the payload of an `open` frame. */
export type StreamOpening =
  /** The stream is stdin and stdout; stderr is the stream whose opening names this one. With a terminal: no stderr. */
  | {
      readonly type: 'spawn';
      readonly argv: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly terminal?: TerminalSize;
    }
  | { readonly type: 'stderr-of'; readonly stream: number }
  /** Bytes to and from a port of the box's loopback. */
  | { readonly type: 'connect'; readonly port: number }
  /** {@link PortsMessage}s, from now on. */
  | { readonly type: 'watch-ports' }
  /** The server's own: changes of files both ways. Not fresh: the agent first reports everything, as one `isFull` batch. */
  | { readonly type: 'files'; readonly isFresh: boolean };

/** Agent -> server, as the payload of an `open` frame: bytes to the proxy of the session. */
export interface EgressOpening {
  readonly type: 'egress';
}

/** On a `spawn` stream, client -> agent. */
export type ProcessCommand =
  | { readonly type: 'kill'; readonly signal: string }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number };

/** On a `spawn` stream, agent -> client. */
export type ProcessEvent =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  /** All output came before. What the process changed in files is in the batch with this number, or an earlier one. */
  | { readonly type: 'exited'; readonly status: ExitStatus; readonly batch: number };

export interface PortsMessage {
  readonly type: 'ports';
  readonly ports: readonly number[];
}

/** One path below the workspace root, relative. File content follows the message as bytes, in order. */
export type FileEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly mtimeMs: number; readonly sizeBytes: number }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number; readonly mtimeMs: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string; readonly mtimeMs: number }
  | { readonly kind: 'removed'; readonly path: string };

/** On the `files` stream, server -> agent. */
export type FilesCommand =
  | { readonly type: 'apply'; readonly id: number; readonly entries: readonly FileEntry[] }
  /** Look for changes now; answered by `flushed`. */
  | { readonly type: 'flush'; readonly id: number };

/** On the `files` stream, agent -> server. */
export type FilesEvent =
  /** `isFull`: these are all files, not what changed. `skipped`: too large to travel. */
  | {
      readonly type: 'changes';
      readonly batch: number;
      readonly isFull: boolean;
      readonly entries: readonly FileEntry[];
      readonly skipped: readonly string[];
    }
  /** `isStale`: the box had changes of its own, sent before; nothing was applied. */
  | {
      readonly type: 'applied';
      readonly id: number;
      readonly isStale: boolean;
      readonly failed: readonly { readonly path: string; readonly reason: string }[];
    }
  | { readonly type: 'flushed'; readonly id: number; readonly batch: number };

/** Agent -> server, as an event frame. */
export interface ActivityEvent {
  readonly type: 'activity';
  readonly processes: number;
}

/** Server -> SDK, as an event frame: may be missed while disconnected, so it only says where to look. */
export type SessionEvent =
  /** The session's files are the tree `root` now; it holds the agent's changes up to `batch`. */
  | { readonly type: 'root-changed'; readonly root: string; readonly batch: number; readonly skipped: readonly string[] }
  | { readonly type: 'session-ended'; readonly reason: string };
