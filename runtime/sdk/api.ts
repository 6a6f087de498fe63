// The SDK's public surface as types. `Runtime` in runtime.ts implements it; everything here is stable for embedders.
import type {
  Conflict,
  GrantOption,
  PromotionPolicy,
  PromotionRequest,
  PromotionState,
  QueuedCommand,
  RunningRule,
} from './promotion/index.ts';
import type {
  Diagnostic,
  DisplayEvent,
  ExitStatus,
  Explanation,
  FileTree,
  Isolation,
  Host,
  MimeBundle,
  MountProgress,
  OnConflict,
  Snapshot,
  SnapshotChange,
  StorageTier,
  StoreEvent,
} from '#protocol';

export interface BootOptions {
  /** Tenant on a self-hosted server; any non-empty string. Needs no account. */
  readonly projectId?: string;
  /** Where work may run: `auto` prefers the tab and may go on in a server session. Default `auto`. */
  readonly backend?: 'auto' | 'browser' | 'server';
  /** Names the stored workspace that this runtime opens or creates. Absent: nothing is kept. */
  readonly persistenceKey?: string;
  /** Name and free note of the stored workspace, should it be new. Default: the key, and nothing. */
  readonly workspaceName?: string;
  readonly workspaceNote?: string;
  /**
   * What to do when another tab has the workspace open: `lock` rejects with `ERR_WORKSPACE_LOCKED` (the default), `inherit`
   * takes it over after the other tab's last save, `fork` opens a copy of the last save under a key of its own.
   */
  readonly onConflict?: OnConflict;
  /** Host (with port) of the preview origins, as `preview.example.com`; default: `preview.<this page's host>`. */
  readonly previewHost?: string;
  /** Base URL of the package registry; default: the preview host's own proxy. */
  readonly registryUrl?: string;
  readonly server?: ServerOptions;
  /** Environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Aborts the boot. */
  readonly signal?: AbortSignal;
  /** How long the runtime frame may take to answer. Default 15,000 ms. */
  readonly timeoutMs?: number;
}

/** Where and how work may leave the tab. */
export interface ServerOptions {
  /** Origin of the server; default: this page's. */
  readonly url?: string;
  /** A token, an object that has one, or a function that gets one from your backend. Absent: the server is asked for an open grant. */
  readonly grant?: GrantOption;
  /** Commands that a session runs before the first program; default `npm ci` where there is a lockfile and a program wants it. */
  readonly prepare?: readonly (readonly string[])[];
  /** Whether work may be promoted: at once, never, or when {@link ServerApi.answer} says so. Default `allow`. */
  readonly onPromote?: PromotionPolicy;
  /** What happens to programs of the tab when a session begins. Default `continue`. */
  readonly running?: RunningRule;
}

/** The server session of a runtime. */
export interface ServerApi {
  readonly state: PromotionState;
  /** Requests that wait for {@link answer}. */
  readonly requests: readonly PromotionRequest[];
  /** Commands that wait for a connection. */
  readonly queue: readonly QueuedCommand[];
  /** Files that both hosts changed; both versions are kept. */
  readonly conflicts: readonly Conflict[];
  on(listener: () => void): () => void;
  answer(request: string, decision: 'allow' | 'deny'): void;
  /** Starts a session without a command that needs one. */
  promote(): Promise<void>;
  /** Brings all files back and ends the session. */
  demote(): Promise<void>;
  /** Moves the end of the session away. */
  extend(): Promise<void>;
  cancelQueued(id: string): Promise<void>;
  /**
   * An address that shows a port of the session where this runtime is not: on another device, or after this page is
   * closed. It works once, within five minutes; the browser that opened it may look until the session ends. Rejects with
   * `ERR_NO_SUCH_PORT` for a port that is not the session's.
   */
  previewLink(port: number, path?: string): Promise<string>;
  dismissConflict(path: string): void;
}

export interface SpawnOptions {
  /** Default `/workdir`. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then ended. */
  readonly stdin?: string | Uint8Array | ReadableStream<Uint8Array>;
  /** Sends SIGTERM, then SIGKILL. */
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** Attaches a terminal instead of pipes: everything arrives on `output`. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

export interface Process {
  readonly pid: number;
  /** Writable stdin. */
  readonly input: WritableStream<Uint8Array>;
  /** stdout; with a terminal, all its output. */
  readonly output: ReadableStream<Uint8Array>;
  /** stderr; closed and empty with a terminal. */
  readonly errors: ReadableStream<Uint8Array>;
  /** Settles once, when the process ended. */
  readonly exit: Promise<ExitStatus>;
  kill(signal?: string): void;
  /** No effect without a terminal. */
  resize(size: { readonly columns: number; readonly rows: number }): void;
}

export interface Stat {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly nlink: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}
export interface DirectoryEntry {
  readonly name: string;
  readonly type: Stat['type'];
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}
export interface WatchEvent {
  readonly event: 'change' | 'rename';
  /** Relative to the watched path. */
  readonly path: string;
}

/** Files of the workspace. Relative paths start at `/workdir`. Errors carry Node's codes (`ENOENT`) in `code`. */
export interface RuntimeFiles {
  readFile(path: string): Promise<Uint8Array>;
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  writeFile(
    path: string,
    content: string | Uint8Array,
    options?: { readonly mode?: number; readonly flag?: 'w' | 'a' | 'wx' },
  ): Promise<void>;
  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { readonly withFileTypes: true; readonly recursive?: boolean }): Promise<DirectoryEntry[]>;
  mkdir(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  rm(path: string, options?: { readonly recursive?: boolean; readonly force?: boolean }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  cp(from: string, to: string, options?: { readonly recursive?: boolean }): Promise<void>;
  stat(path: string): Promise<Stat>;
  lstat(path: string): Promise<Stat>;
  readlink(path: string): Promise<string>;
  realpath(path: string): Promise<string>;
  symlink(target: string, path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  utimes(path: string, atimeMs: number, mtimeMs: number): Promise<void>;
  /** Events until the signal aborts. */
  watch(
    path: string,
    options: { readonly recursive?: boolean; readonly signal: AbortSignal },
    listener: (event: WatchEvent) => void,
  ): Promise<void>;
  /**
   * Writes a tree or the content of a zip below `path` (default `/workdir`). An archive as a `Blob` or `File` is never in memory as
   * a whole. Rejects with `ERR_BAD_ARCHIVE` or `ERR_ABORTED`, and then no file of the archive was written.
   */
  mount(source: FileTree | Uint8Array | Blob, path?: string, options?: MountOptions): Promise<void>;
  export(format: 'zip', options?: { readonly path?: string; readonly exclude?: readonly string[] }): Promise<Uint8Array>;
}

/** For archives; a tree is written in one step. */
export interface MountOptions {
  readonly signal?: AbortSignal;
  onProgress?(progress: MountProgress): void;
}

export interface OpenPort {
  readonly port: number;
  readonly pid: number;
  /** The preview's address on the preview origin. */
  readonly url: string;
}

export interface Ports {
  list(): OpenPort[];
  /** Resolves when something listens on the port. */
  waitFor(port: number, options?: { readonly signal?: AbortSignal }): Promise<OpenPort>;
  on(listener: (event: { readonly type: 'open' | 'close'; readonly port: OpenPort }) => void): () => void;
}

export interface Preview {
  /** Address for an iframe or a tab. */
  readonly url: string;
  readonly port: number;
  /** An iframe with the right sandbox and permissions, pointed at the preview. */
  createFrame(path?: string): HTMLIFrameElement;
}

export interface Capabilities {
  readonly isolation: Isolation;
  readonly opfs: boolean;
  /** Where the workspace is kept; `none` without a `persistenceKey`. */
  readonly persistence: StorageTier | 'none';
  readonly serviceWorker: boolean;
  readonly previewTransport: 'service-worker' | 'none';
  readonly node: string;
  readonly python: string | null;
  readonly server: 'not-configured' | 'available';
  readonly host: Host;
}

/** `off`: nothing is kept. `handed-over`: another tab took the workspace, nothing from here is saved any more. */
export type PersistenceState = 'off' | 'saved' | 'unsaved' | 'failed' | 'handed-over';
export type PersistenceEvent = StoreEvent;

/** What is kept of the files. Without a `persistenceKey` the state is `off`, and calls reject with `ERR_NO_STORAGE`. */
export interface Persistence {
  readonly state: PersistenceState;
  readonly tier: StorageTier | 'none';
  /** Not the wanted one after a fork; null when nothing is kept. */
  readonly key: string | null;
  readonly name: string;
  readonly note: string;
  /** Nothing was stored under the key before. */
  readonly isNew: boolean;
  /** The newest save was damaged; the files are those of an older one. */
  readonly isRecovered: boolean;
  /** The last save of this runtime. */
  readonly lastSaved: Snapshot | null;
  /** Before a `handing-over` the promise of the listener is waited for, for a moment: what it writes is saved. */
  on(listener: (event: PersistenceEvent) => void | Promise<void>): () => void;
  /** Saves now instead of a moment after the last change. */
  save(): Promise<void>;
  /** Saves under a name; named snapshots are kept until the workspace is deleted. */
  snapshot(name: string): Promise<Snapshot>;
  /** Newest first. */
  history(): Promise<Snapshot[]>;
  diff(from: string, to: string): Promise<SnapshotChange[]>;
  /** A file as it was; null where the snapshot has none at that absolute path. */
  readFile(snapshot: string, path: string): Promise<Uint8Array | null>;
  /** Makes the files those of the snapshot. What was there is saved first. */
  restore(snapshot: string): Promise<void>;
  /** A new workspace with the files of the snapshot; returns its key. */
  fork(snapshot: string, name: string): Promise<string>;
}

/** What programs show: `pid` is the process. The output of a {@link PythonSession} goes to its cells instead. */
export interface Displays {
  on(listener: (event: DisplayEvent & { readonly pid: number }) => void): () => void;
}

export interface PythonSessionOptions {
  /** Default `/workdir`. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Output of a cell, in the order in which it came. */
export type CellOutput =
  | { readonly type: 'stream'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | DisplayEvent
  /** The value of the last expression. */
  | { readonly type: 'result'; readonly data: MimeBundle; readonly metadata: Readonly<Record<string, unknown>>; readonly count: number }
  /** `traceback` has ANSI colours. */
  | { readonly type: 'error'; readonly name: string; readonly message: string; readonly traceback: readonly string[] };

export interface CellRun {
  readonly onOutput: (output: CellOutput) => void;
  /** The cell's turn came; `count` is its number. */
  readonly onStart?: (count: number) => void;
  /** `input()` asks; null: nobody answers. Without this function `input()` raises `EOFError`. */
  readonly onInput?: (prompt: string, isSecret: boolean) => Promise<string | null>;
}

export interface CellResult {
  readonly outcome: 'ok' | 'error' | 'interrupted';
  readonly count: number;
}

export interface Completions {
  /** How many characters before the cursor the chosen label replaces. */
  readonly length: number;
  readonly items: readonly { readonly label: string; readonly kind: string }[];
}

/** CSS values for an output's page. */
export interface OutputLook {
  readonly colorScheme?: 'light' | 'dark';
  readonly color?: string;
  readonly line?: string;
}

/** A long-lived interpreter: cells share their variables. Cells, `!command`, `%pip`, top-level `await` as in notebooks. */
export interface PythonSession {
  readonly pid: number;
  /** Settles once, when the process ended, by itself or not. */
  readonly ended: Promise<ExitStatus>;
  /** Runs a cell after those that wait. Rejects with `ERR_PYTHON_ENDED` when the process ends before the cell does. */
  execute(code: string, run: CellRun): Promise<CellResult>;
  /** Names and attributes that are there now. Nothing while a cell runs: the interpreter is busy. */
  complete(textBeforeCursor: string): Promise<Completions>;
  /** KeyboardInterrupt in the cell that runs. */
  interrupt(): void;
  end(): Promise<void>;
}

export interface RuntimeApi {
  readonly persistence: Persistence;
  readonly fs: RuntimeFiles;
  readonly ports: Ports;
  readonly capabilities: Capabilities;
  /** Null with `backend: 'browser'`. */
  readonly server: ServerApi | null;
  readonly diagnostics: { list(): readonly Diagnostic[]; on(listener: (diagnostic: Diagnostic) => void): () => void };
  readonly displays: Displays;
  /** Starts an interpreter for cells. */
  startPython(options?: PythonSessionOptions): Promise<PythonSession>;
  /** A frame of the workspace's origin that shows HTML of programs: its scripts run and reach nothing, and it grows to its content. */
  createOutputFrame(html: string, look?: OutputLook): HTMLIFrameElement;
  /** Runs a command. Rejects with `ERR_COMMAND_NOT_FOUND`, `ERR_NOT_EXECUTABLE` or `ERR_TOO_MANY_PROCESSES`. */
  spawn(command: string, args?: readonly string[], options?: SpawnOptions): Promise<Process>;
  preview(port: number): Preview;
  /** An HTTP request to a server of the workspace, without any iframe. */
  fetchPreview(port: number, input: string, init?: RequestInit): Promise<Response>;
  /** Says where a command would run, and why, without running it. */
  explain(command: string): Promise<Explanation>;
  dispose(): Promise<void>;
}
