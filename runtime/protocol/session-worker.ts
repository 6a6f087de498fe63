// Messages between the promotion client (page) and its session worker, which holds the WebSocket and the kernel's port.
// Both are one program on one origin: nothing is validated, everything is moved.
import type { FromPromotion, ToPromotion } from './remote-port.ts';
import type { SessionEvent, TerminalSize } from './session-streams.ts';

export type LinkState = 'connecting' | 'connected' | 'lost' | 'closed';

export interface RemoteProgram {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: TerminalSize | null;
}

/** Page -> worker. */
export type ToSessionWorker =
  /** Once: from now on the worker is the kernel's peer. */
  | { readonly type: 'take-kernel'; readonly port: MessagePort }
  /** Passed on to the kernel, in order with what the worker says itself. */
  | { readonly type: 'tell-kernel'; readonly message: FromPromotion }
  /** `url` of the session's WebSocket. One session at a time; what is said of it carries its number. */
  | { readonly type: 'open-session'; readonly session: number; readonly url: string; readonly token: string }
  | { readonly type: 'set-token'; readonly token: string }
  /** No new token: offline, or refused. The next attempt to connect says which. */
  | { readonly type: 'no-token' }
  | { readonly type: 'start-program'; readonly program: RemoteProgram }
  /** What the program changed in files is in the tab: its end may be reported. */
  | { readonly type: 'program-settled'; readonly pid: number }
  /** A command of ours; its output goes to the program `pid`. */
  | { readonly type: 'start-preparation'; readonly id: number; readonly pid: number; readonly argv: readonly string[] }
  | { readonly type: 'cancel-preparation'; readonly id: number }
  | { readonly type: 'close-session'; readonly reason: string };

/** Worker -> page. */
export type FromSessionWorker =
  /** What the kernel said and the worker has no answer to. */
  | { readonly type: 'kernel-said'; readonly message: ToPromotion }
  | { readonly type: 'link-changed'; readonly session: number; readonly state: LinkState }
  /** Connected; `isSame` is false when the box was replaced and all streams ended. */
  | { readonly type: 'link-ready'; readonly session: number; readonly isSame: boolean }
  /** The server refuses for good. */
  | { readonly type: 'link-refused'; readonly session: number; readonly reason: string }
  | { readonly type: 'want-token' }
  | { readonly type: 'session-said'; readonly session: number; readonly event: SessionEvent }
  /** Waits for `program-settled`. */
  | { readonly type: 'program-exited'; readonly pid: number; readonly batch: number }
  | { readonly type: 'output-lost'; readonly pid: number; readonly lostBytes: number }
  | { readonly type: 'preparation-ended'; readonly id: number; readonly code: number | null };
