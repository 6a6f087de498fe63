// Messages between the SDK (any origin that embeds a runtime) and the kernel on the workspace origin.
// Both sides validate: the other end is another origin.
import type { Diagnostic, Isolation } from './diagnostics.ts';
import type { DisplayEvent } from './display.ts';
import type { ErrorData } from './errors.ts';
import type { HeaderList } from './preview-frames.ts';
import type { ExitStatus } from './process.ts';
import type { PromotionCode } from './promotion.ts';
import type { FileEntry } from './session-streams.ts';

/** SDK -> runtime frame window, once, with the control port transferred. */
export interface ConnectMessage {
  readonly type: 'connect-runtime';
  readonly protocolVersion: number;
}
/** Runtime frame -> parent window. */
export type FromFrame =
  | { readonly type: 'frame-ready'; readonly protocolVersion: number; readonly isolation: Isolation }
  | { readonly type: 'frame-failed'; readonly error: ErrorData }
  /** The origin and its likely ports work without a network. */
  | { readonly type: 'offline-ready' }
  | { readonly type: 'offline-failed'; readonly reason: string }
  | { readonly type: 'origin-erased' };
/**
 * Parent window -> runtime frame, beside {@link ConnectMessage}: keep the runtime for use without network, leave nothing, or read
 * Python's offline pack for the port that comes with the message.
 */
export interface ToFrame {
  readonly type: 'keep-offline' | 'erase-origin' | 'read-pack';
  readonly ports: readonly number[];
}

export interface StatData {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly nlink: number;
}
export interface DirentData {
  readonly name: string;
  readonly type: StatData['type'];
}
/** A tree to mount: text, bytes, a symlink or a nested folder per name. */
export interface FileTree {
  readonly [name: string]:
    | string
    | Uint8Array
    | { readonly symlink: string }
    | { readonly bytes: Uint8Array; readonly mode: number }
    | FileTree;
}

/** File calls; served by the file-service worker. Paths are absolute or relative to `/workdir`. A failure is a Node-style code (`ENOENT`...). */
export type FileCall =
  | { readonly op: 'readFile'; readonly path: string }
  | {
      readonly op: 'writeFile';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly mode?: number;
      readonly flag?: 'w' | 'a' | 'wx';
    }
  | { readonly op: 'readdir'; readonly path: string; readonly recursive: boolean }
  | { readonly op: 'mkdir'; readonly path: string; readonly recursive: boolean }
  | { readonly op: 'rm'; readonly path: string; readonly recursive: boolean; readonly force: boolean }
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'cp'; readonly from: string; readonly to: string; readonly recursive: boolean }
  | { readonly op: 'stat' | 'lstat' | 'readlink' | 'realpath' | 'unlink'; readonly path: string }
  | { readonly op: 'symlink'; readonly target: string; readonly path: string }
  | { readonly op: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly op: 'utimes'; readonly path: string; readonly atimeMs: number; readonly mtimeMs: number }
  | { readonly op: 'mountTree'; readonly path: string; readonly tree: FileTree }
  /** Replies with the last {@link MountProgress}; others come on `control`, and anything that is sent there gives the import up. */
  | { readonly op: 'mountZip'; readonly path: string; readonly archive: Blob; readonly control: MessagePort }
  | { readonly op: 'exportZip'; readonly path: string; readonly exclude: readonly string[] }
  /** A {@link HashedTree}, or null when nothing changed since `cursor`. Excluded names are left out at any depth. */
  | {
      readonly op: 'hashTree';
      readonly path: string;
      readonly exclude: readonly string[];
      readonly maxFileBytes: number;
      readonly cursor: number | null;
    }
  /** Contents of files (targets of symlinks), null for what is gone. */
  | { readonly op: 'readFiles'; readonly path: string; readonly paths: readonly string[] }
  /** Makes the entries true below `path`; returns the paths that could not be. */
  | {
      readonly op: 'applyEntries';
      readonly path: string;
      readonly entries: readonly FileEntry[];
      readonly contents: readonly Uint8Array[];
    }
  | { readonly op: 'watch'; readonly watchId: number; readonly path: string; readonly recursive: boolean }
  | { readonly op: 'unwatch'; readonly watchId: number };

export interface MountProgress {
  readonly files: number;
  readonly totalFiles: number;
  /** Unpacked so far, and in all. */
  readonly sizeBytes: number;
  readonly totalBytes: number;
}

/** A folder with the keys of everything in it; `cursor` stands for this moment. */
export interface HashedTree {
  readonly cursor: number;
  readonly root: string;
  readonly trees: readonly { readonly key: string; readonly path: string; readonly payload: Uint8Array }[];
  readonly files: readonly { readonly key: string; readonly path: string; readonly sizeBytes: number }[];
  /** Larger than the limit, left out. */
  readonly skipped: readonly string[];
}

export interface SpawnOptionsData {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Present: stdio is a terminal of this size. Absent: three pipes. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly timeoutMs?: number;
}

/** What a command would do, and why. */
export interface Explanation {
  readonly host: 'browser' | 'server' | 'nowhere';
  readonly reason: string;
  readonly code?: ErrorData['code'] | PromotionCode;
}

/** SDK -> kernel. `id` pairs a question with its `reply`; ids are unique per control port. */
export type ToKernel =
  | {
      readonly type: 'configure-runtime';
      readonly id: number;
      readonly env: Readonly<Record<string, string>>;
      readonly registryUrl: string;
      readonly previewHost: string;
      readonly workspace: string;
    }
  | { readonly type: 'call-files'; readonly id: number; readonly call: FileCall }
  /** With a port to the store worker transferred. `keepsFiles`: restores the stored workspace first, and replies with what came back. */
  | { readonly type: 'attach-store'; readonly id: number; readonly keepsFiles: boolean }
  /** Saves now; replies with the snapshot, or null when there was nothing to save. */
  | { readonly type: 'save-files'; readonly id: number; readonly name: string | null }
  | { readonly type: 'restore-files'; readonly id: number; readonly snapshot: string }
  | {
      readonly type: 'spawn-process';
      readonly id: number;
      readonly command: string;
      readonly args: readonly string[];
      readonly options: SpawnOptionsData;
    }
  | { readonly type: 'write-stdin'; readonly pid: number; readonly bytes: Uint8Array }
  | { readonly type: 'end-stdin'; readonly pid: number }
  | { readonly type: 'grant-output'; readonly pid: number; readonly sizeBytes: number }
  | { readonly type: 'kill-process'; readonly pid: number; readonly signal: string }
  | { readonly type: 'resize-terminal'; readonly pid: number; readonly columns: number; readonly rows: number }
  | {
      readonly type: 'fetch-preview';
      readonly id: number;
      readonly port: number;
      readonly method: string;
      readonly url: string;
      readonly headers: HeaderList;
      readonly body: Uint8Array | null;
    }
  | { readonly type: 'cancel-fetch'; readonly id: number }
  | { readonly type: 'grant-fetch'; readonly id: number; readonly sizeBytes: number }
  | {
      readonly type: 'explain-command';
      readonly id: number;
      readonly command: string;
      readonly args: readonly string[];
      readonly cwd: string;
    }
  /** The promotion client's end of {@link ToPromotion} and {@link FromPromotion}, transferred. */
  | { readonly type: 'attach-promotion'; readonly id: number; readonly port: MessagePort }
  | { readonly type: 'dispose-runtime'; readonly id: number };

/** Kernel -> SDK. */
export type FromKernel =
  | { readonly type: 'reply'; readonly id: number; readonly value: unknown }
  /** `errno` is a Node-style code for file calls; `error` a coded error for the rest. */
  | {
      readonly type: 'reply-error';
      readonly id: number;
      readonly error?: ErrorData;
      readonly errno?: { readonly code: string; readonly syscall: string; readonly path: string };
    }
  | { readonly type: 'process-output'; readonly pid: number; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'stdin-drained'; readonly pid: number; readonly sizeBytes: number }
  | { readonly type: 'process-ended'; readonly pid: number; readonly status: ExitStatus }
  /** A program showed something: a picture, a table. */
  | { readonly type: 'process-displayed'; readonly pid: number; readonly event: DisplayEvent }
  | { readonly type: 'port-opened'; readonly port: number; readonly pid: number; readonly url: string }
  | { readonly type: 'port-closed'; readonly port: number }
  | { readonly type: 'fetch-head'; readonly id: number; readonly status: number; readonly statusText: string; readonly headers: HeaderList }
  | { readonly type: 'fetch-chunk'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'fetch-end'; readonly id: number }
  | { readonly type: 'files-changed'; readonly watchId: number; readonly event: 'change' | 'rename'; readonly path: string }
  | { readonly type: 'report-diagnostic'; readonly diagnostic: Diagnostic };

/** Bytes of output the kernel may have under way to the SDK per process before it waits for `grant-output`. */
export const OUTPUT_CREDIT_BYTES = 1024 * 1024;
