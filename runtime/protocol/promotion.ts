// Why work leaves the tab: the one shape of a promotion signal, raised by any part that meets its limit. Runs everywhere.
import type { ErrorData } from './errors.ts';

/**
 * What was met. `linux-command`: a program that exists on Linux only; `native-binary`: an ELF file; `native-addon`: a
 * package with compiled code; `unsupported-call`: a Node function without an implementation in the tab; `python.*`:
 * Python's reasons (`python.native-wheel`, `python.uv`, ...); `backend-server`: the embedder wants the server for all.
 */
export type PromotionCode =
  | 'linux-command'
  | 'native-binary'
  | 'native-addon'
  | 'unsupported-call'
  | 'backend-server'
  | 'session-active'
  | `python.${string}`;

export interface PromotionSignal {
  readonly code: PromotionCode;
  /** The command, package or call that was met, as `gcc` or `better-sqlite3@12.2.0`. */
  readonly subject: string;
  /** Why the tab cannot do it, as the end of "needs a server session: ...". */
  readonly because: string;
}

/** The answer to a `promote` call that was not granted: the process goes on and reports it. */
export interface PromotionRefusal {
  readonly error: ErrorData;
}

/** The built-in program that stands for "runs in the server session"; the kernel answers -ENOENT when there is none. */
export const REMOTE_PROGRAM = 'remote';
