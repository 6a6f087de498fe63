// What the store worker says to its page (by Comlink, one origin), to the file service and to installers (over ports from
// another origin, so the store checks every message). Paths are relative to `/`: `workdir/src/a.js`.
import type { ErrorData } from './errors.ts';
import type { PythonPackState } from './python-pack.ts';

/** Where snapshots are kept: private files, the database, or nowhere beyond this page. */
export type StorageTier = 'opfs' | 'indexeddb' | 'memory';

/** What a second opener of a workspace does: give up, take it over, or work on a copy. */
export type OnConflict = 'lock' | 'inherit' | 'fork';

/** One path as it is saved and restored. In a save, files take their bytes from the batch, one after the other. */
export type SavedEntry =
  | { readonly op: 'folder'; readonly path: string; readonly mode: number; readonly mtimeMs: number }
  | { readonly op: 'file'; readonly path: string; readonly mode: number; readonly mtimeMs: number; readonly sizeBytes: number }
  | { readonly op: 'symlink'; readonly path: string; readonly mtimeMs: number; readonly target: string }
  /** A folder whose content is a package of the shared cache, plus what follows below it. Null: an ordinary folder again. */
  | { readonly op: 'package'; readonly path: string; readonly mode: number; readonly mtimeMs: number; readonly integrity: string | null }
  | { readonly op: 'remove'; readonly path: string };

/** File service or installer -> store. `id` pairs a question with its `store-reply`. */
export type ToStore =
  /** Streams the current tree as `tree-batch`es, then replies with {@link RestoreSummary}. */
  | { readonly type: 'read-workspace'; readonly id: number }
  /** Streams what turns the current tree into the one of the snapshot. */
  | { readonly type: 'read-snapshot'; readonly id: number; readonly snapshot: string }
  /** There are changes that are not saved yet. */
  | { readonly type: 'note-changes' }
  | { readonly type: 'save-batch'; readonly id: number; readonly entries: readonly SavedEntry[]; readonly bytes: Uint8Array }
  /** Makes the batches since the last commit durable, all or none. */
  | { readonly type: 'commit-save'; readonly id: number; readonly name: string | null }
  /** The last save before a hand-over is done, or could not be. */
  | { readonly type: 'let-go' }
  /** Replies with the tarball, or null. */
  | { readonly type: 'get-package'; readonly id: number; readonly integrity: string }
  | { readonly type: 'put-package'; readonly id: number; readonly integrity: string; readonly bytes: Uint8Array };

/** Part of a stored tree. */
export interface TreeBatch {
  readonly entries: readonly SavedEntry[];
  /** The content of the files among the entries, and whatever lies between it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where in `bytes` it begins, one per file, in the order of the entries. */
  readonly offsets: Uint32Array<ArrayBuffer>;
}

/** Store -> file service or installer. */
export type FromStore =
  | { readonly type: 'store-reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'store-error'; readonly id: number; readonly error: ErrorData }
  | ({ readonly type: 'tree-batch'; readonly id: number } & TreeBatch)
  /** Another tab takes the workspace over: save now, then nothing more. */
  | { readonly type: 'hand-over' };

/** Kernel -> store, on the port that the page handed to both. Each brings a port of its own. */
export type ToStoreFromKernel =
  | { readonly type: 'open-files' }
  | { readonly type: 'open-packages' }
  /** A file of Python's offline pack, by name: its port gets the Blob, or null. */
  | { readonly type: 'read-python-file'; readonly name: string };

export interface RestoreSummary {
  /** The newest state was damaged; an older one came back. */
  readonly isRecovered: boolean;
  readonly files: number;
  readonly sizeBytes: number;
}

/** One saved state of a workspace. */
export interface Snapshot {
  readonly id: string;
  readonly atMs: number;
  /** Null for an automatic save. */
  readonly name: string | null;
}

export interface SnapshotChange {
  /** Absolute path in the workspace. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'modified';
}

/** A workspace of this browser. */
export interface WorkspaceInfo {
  /** As {@link BootOptions.persistenceKey}. */
  readonly key: string;
  readonly name: string;
  /** Free text of the embedder: the app keeps the id of the template here. */
  readonly note: string;
  readonly createdAtMs: number;
  readonly usedAtMs: number;
  /** Bytes on the device, packages not counted. */
  readonly sizeBytes: number;
  /** Deleted, but still there for an undo. */
  readonly isDeleted: boolean;
}

export interface StorageUsage {
  readonly tier: StorageTier;
  readonly workspacesBytes: number;
  readonly packagesBytes: number;
  readonly packages: number;
  /** Bytes that this origin uses and may use, as the browser estimates them; 0 where it does not say. */
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

/** What happens to an open workspace. */
export type StoreEvent =
  | { readonly type: 'unsaved' }
  | {
      readonly type: 'saved';
      readonly snapshot: Snapshot;
      readonly files: number;
      readonly writtenBytes: number;
      readonly durationMs: number;
    }
  | { readonly type: 'save-failed'; readonly error: ErrorData }
  /** Another tab takes the workspace over: what is not in the files yet, has to be now. The listener's promise is waited for. */
  | { readonly type: 'handing-over' }
  /** Another tab works on the workspace now; nothing from here is saved any more. */
  | { readonly type: 'handed-over' };

export interface OpenWorkspaceOptions {
  readonly key: string;
  readonly name: string;
  readonly note: string;
  /** DNS label for the workspace's origin, should this open create or fork it. */
  readonly label: string;
  readonly onConflict: OnConflict;
  /** A new workspace takes the spare origin of that preview host, if there is one. */
  readonly previewHost: string;
}

export interface SpareOrigin {
  readonly label: string;
  /** False while it is made ready: recorded before, so that an interrupted preparation is taken up again, and erased. */
  readonly isReady: boolean;
}

export interface CopyOptions {
  readonly name: string;
  readonly label: string;
}

export interface OpenedWorkspace {
  readonly session: number;
  /** Differs from the wanted one after a fork. */
  readonly key: string;
  /** DNS label of the workspace's origin: the same each time, and known to this origin only. */
  readonly label: string;
  readonly name: string;
  readonly note: string;
  readonly tier: StorageTier;
  readonly isNew: boolean;
  /** The newest state was damaged; an older one is current. */
  readonly isRecovered: boolean;
}

/** The store worker as its page sees it. Every call rejects with a coded error. */
export interface StoreApi {
  open(options: OpenWorkspaceOptions, onEvent: (event: StoreEvent) => void | Promise<void>): Promise<OpenedWorkspace>;
  /** Gives the kernel of a runtime its port; `session` null: packages only. */
  connect(session: number | null, port: MessagePort): void | Promise<void>;
  close(session: number): Promise<void>;
  history(session: number): Promise<Snapshot[]>;
  diff(session: number, from: string, to: string): Promise<SnapshotChange[]>;
  readFromSnapshot(session: number, snapshot: string, path: string): Promise<Uint8Array | null>;
  /** A new workspace with the content of a snapshot; returns its key. */
  fork(session: number, snapshot: string, options: CopyOptions): Promise<string>;
  /** The origin that is kept for the next new workspace, or is being made ready; null for none. */
  spare(previewHost: string): Promise<SpareOrigin | null>;
  keepSpare(previewHost: string, spare: SpareOrigin): Promise<void>;
  list(): Promise<WorkspaceInfo[]>;
  rename(key: string, name: string): Promise<void>;
  /** Also of a workspace that is open, here or elsewhere: its last save is copied. */
  duplicate(key: string, options: CopyOptions): Promise<string>;
  remove(key: string): Promise<void>;
  undoRemove(key: string): Promise<void>;
  usage(): Promise<StorageUsage>;
  removeUnusedPackages(): Promise<void>;
  pythonPack(): Promise<PythonPackState>;
  /** The port leads to a frame that reads the pack's files, {@link ToPackReader}. */
  keepPythonPack(port: MessagePort, onProgress: (keptBytes: number, totalBytes: number) => void): Promise<void>;
  cancelPythonPack(): void | Promise<void>;
  removePythonPack(): Promise<void>;
  eraseEverything(): Promise<string[]>;
}
