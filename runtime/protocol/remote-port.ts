// Messages between the kernel and the SDK's promotion client, over one port of their own: programs and ports that are on
// the server. Both sides validate: the other end is another origin.
import type { ErrorData } from './errors.ts';
import type { ExitStatus } from './process.ts';
import type { PromotionSignal } from './promotion.ts';
import type { TerminalSize } from './session-streams.ts';

/** Kernel -> SDK. */
export type ToPromotion =
  /** May this command leave the tab? Answered by `promotion-answer`, maybe after the user was asked. */
  | { readonly type: 'ask-promotion'; readonly id: number; readonly signal: PromotionSignal; readonly command: string }
  | {
      readonly type: 'start-remote';
      readonly pid: number;
      readonly argv: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly signal: PromotionSignal;
      /** All three of its standard streams are this terminal. */
      readonly terminal: TerminalSize | null;
    }
  | { readonly type: 'write-remote'; readonly pid: number; readonly bytes: Uint8Array }
  | { readonly type: 'end-remote-input'; readonly pid: number }
  | { readonly type: 'kill-remote'; readonly pid: number; readonly signal: string }
  | { readonly type: 'resize-remote'; readonly pid: number; readonly columns: number; readonly rows: number }
  /** The kernel passed this much output on. */
  | { readonly type: 'remote-output-taken'; readonly pid: number; readonly stream: 'stdout' | 'stderr'; readonly sizeBytes: number }
  | { readonly type: 'open-remote-connection'; readonly id: number; readonly port: number }
  | ConnectionMessage;

/** SDK -> kernel. */
export type FromPromotion =
  /** Where programs may run from now on. */
  | { readonly type: 'set-placement'; readonly placement: Placement }
  /** A session began: what happens to programs of the tab that can run there. Shells stay. */
  | { readonly type: 'move-running'; readonly rule: 'continue' | 'restart' | 'stop' }
  /** `error` null: it may. */
  | { readonly type: 'promotion-answer'; readonly id: number; readonly error: ErrorData | null }
  /** A line about what happens, for the program's terminal. */
  | { readonly type: 'remote-note'; readonly pid: number; readonly text: string }
  | { readonly type: 'remote-output'; readonly pid: number; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'remote-input-taken'; readonly pid: number; readonly sizeBytes: number }
  | { readonly type: 'remote-ended'; readonly pid: number; readonly status: ExitStatus }
  | { readonly type: 'remote-failed'; readonly pid: number; readonly error: ErrorData }
  | { readonly type: 'set-remote-ports'; readonly ports: readonly number[] }
  | ConnectionMessage;

/** Both ways, for a connection that the kernel opened. */
export type ConnectionMessage =
  | { readonly type: 'connection-data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'connection-taken'; readonly id: number; readonly sizeBytes: number }
  | { readonly type: 'connection-end'; readonly id: number }
  | { readonly type: 'connection-closed'; readonly id: number };

/** `tab`: no server. `on-demand`: programs that need Linux go there. `server`: all new programs go there. */
export type Placement = 'tab' | 'on-demand' | 'server';

/** Who listens on a port of the server: no process of the tab. */
export const REMOTE_PID = 0;
/** Bytes of a connection or of input on their way before the receiver took some. */
export const REMOTE_CREDIT_BYTES = 512 * 1024;
/** Exists while a session is active; holds what programs may know of it. */
export const SESSION_MARKER = '/run/verklet/session';
