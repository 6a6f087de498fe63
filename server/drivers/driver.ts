// What the server needs of a place that runs boxes: start one, get a byte stream to the agent in it, end it. Everything
// else (programs, files, ports) is the agent's business and the same everywhere.
import type { Duplex } from 'node:stream';

/** What stands between a box and the host: kernel namespaces, a user-space kernel, or a machine of its own. */
export type Isolation = 'namespaces' | 'gvisor' | 'vm';

export interface BoxLimits {
  readonly memoryBytes: number;
  /** Cores; 1.5 is one and a half. */
  readonly cpus: number;
  readonly processes: number;
  /** Of the workspace and everything else a box may write. */
  readonly diskBytes: number;
}

export interface BoxSpec {
  /** Of the session: `[a-z0-9-]`, unique. */
  readonly id: string;
  readonly limits: BoxLimits;
  /** Environment of every program in the box. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Box {
  /** Enough to find the box again after the server restarted. */
  readonly handle: string;
  /** A fresh byte stream to the agent; the one before ends. Rejects when the box is gone. */
  connect(): Promise<Duplex>;
  /** Resolves when nothing of the box is left. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves with the reason when the box ended, by itself or not. */
  readonly ended: Promise<string>;
}

export type Availability =
  | { readonly isAvailable: true; readonly detail: string }
  | { readonly isAvailable: false; readonly reason: string };

export interface Driver {
  readonly name: 'process' | 'docker' | 'kubernetes';
  readonly isolation: Isolation;
  /** Whether boxes can run here, found out by running one where that is cheap. */
  probe(): Promise<Availability>;
  start(spec: BoxSpec): Promise<Box>;
  /** Null when the box is gone. */
  adopt(handle: string): Promise<Box | null>;
  /** Ends boxes of this server that are not among these session ids; returns how many. */
  reap(live: ReadonlySet<string>): Promise<number>;
}

export const DEFAULT_LIMITS: BoxLimits = { memoryBytes: 1024 ** 3, cpus: 1, processes: 256, diskBytes: 2 * 1024 ** 3 };

/** The environment inside every box; paths are the same in all drivers. */
export const BOX_ENV: Readonly<Record<string, string>> = {
  PATH: '/opt/verklet/bin:/usr/local/bin:/usr/bin:/bin',
  HOME: '/home/user',
  USER: 'user',
  LOGNAME: 'user',
  SHELL: '/bin/sh',
  LANG: 'C.UTF-8',
  TMPDIR: '/tmp',
  npm_config_registry: 'http://127.0.0.1:9099/-/registry/',
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
  http_proxy: 'http://127.0.0.1:9099',
  https_proxy: 'http://127.0.0.1:9099',
  no_proxy: '127.0.0.1,localhost',
};
