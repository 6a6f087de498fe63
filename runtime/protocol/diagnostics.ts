// The one typed event stream that the UI, logs and tests read. `atMs` is milliseconds since the Unix epoch.
import type { ErrorData } from './errors.ts';
import type { PromotionSignal } from './promotion.ts';

export type Host = 'browser' | 'server';

export type Diagnostic = { readonly atMs: number } & (
  | { readonly type: 'runtime-booted'; readonly host: Host; readonly durationMs: number; readonly isolation: Isolation }
  /** `reason` says in one sentence why the process runs on this host. */
  | { readonly type: 'process-started'; readonly pid: number; readonly command: string; readonly host: Host; readonly reason: string }
  | {
      readonly type: 'process-exited';
      readonly pid: number;
      readonly command: string;
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly durationMs: number;
    }
  /** A program showed something; the content is an event of its own (`Runtime.displays`). */
  | { readonly type: 'display-shown'; readonly pid: number; readonly mimeTypes: readonly string[]; readonly sizeBytes: number }
  | { readonly type: 'port-opened'; readonly port: number; readonly pid: number; readonly url: string }
  | { readonly type: 'port-closed'; readonly port: number; readonly pid: number }
  /** A Node function that has no implementation in the tab was called: a promotion signal. */
  | { readonly type: 'unsupported-call'; readonly pid: number; readonly name: string }
  | {
      readonly type: 'install-progress';
      readonly pid: number;
      readonly done: number;
      readonly total: number;
      readonly sizeBytes: number;
      readonly name: string;
    }
  | {
      readonly type: 'install-finished';
      readonly pid: number;
      readonly packages: number;
      readonly sizeBytes: number;
      readonly durationMs: number;
    }
  /** A preview service worker got its way to the kernel: once when a preview opens, again whenever it slept. */
  | { readonly type: 'preview-connected'; readonly port: number }
  | { readonly type: 'preview-failed'; readonly port: number; readonly reason: string; readonly detail: string }
  | { readonly type: 'preview-console'; readonly port: number; readonly level: string; readonly text: string }
  /** `missing`: folders whose package is no longer in the cache, and files that found no room. */
  | {
      readonly type: 'workspace-restored';
      readonly files: number;
      readonly sizeBytes: number;
      readonly durationMs: number;
      readonly isRecovered: boolean;
      readonly missing: readonly string[];
    }
  /** The workspace opens and its likely ports answer without a network. */
  | { readonly type: 'offline-ready' }
  | { readonly type: 'offline-unavailable'; readonly reason: string }
  | { readonly type: 'filesystem-recovered'; readonly pid: number; readonly outcome: string }
  /** Something needs a server session, and the user decides. */
  | {
      readonly type: 'promotion-asked';
      readonly command: string;
      readonly signal: PromotionSignal;
      readonly files: number;
      readonly sizeBytes: number;
    }
  /** There is no connection: the command waits for one. */
  | { readonly type: 'promotion-queued'; readonly command: string; readonly signal: PromotionSignal }
  | { readonly type: 'promotion-started'; readonly command: string; readonly signal: PromotionSignal }
  | {
      readonly type: 'promotion-finished';
      readonly session: string;
      readonly driver: string;
      readonly isolation: string;
      readonly sentBytes: number;
      readonly durationMs: number;
    }
  | { readonly type: 'promotion-failed'; readonly command: string; readonly signal: PromotionSignal; readonly error: ErrorData }
  | { readonly type: 'session-connection'; readonly state: 'connecting' | 'connected' | 'lost' | 'closed' }
  /** The box was replaced; its programs ended, its files are there. */
  | { readonly type: 'session-restarted'; readonly session: string }
  | { readonly type: 'session-ended'; readonly session: string; readonly reason: string }
  /** Both hosts changed the file; the server's version is `keptAs`, null when the server had removed it. */
  | { readonly type: 'file-conflicted'; readonly path: string; readonly keptAs: string | null }
  /** Too large to travel, or not placeable: they stay where they are. */
  | { readonly type: 'files-skipped'; readonly paths: readonly string[] }
  | { readonly type: 'output-lost'; readonly pid: number; readonly lostBytes: number }
  | { readonly type: 'error-raised'; readonly error: ErrorData }
);

/** How shared memory became available, or `none`. */
export type Isolation = 'coop-coep' | 'dip' | 'none';
