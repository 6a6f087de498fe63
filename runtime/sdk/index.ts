// The SDK: everything an embedder imports, in the order one meets it.
export { Runtime } from './runtime.ts';
export { Workspaces } from './workspaces.ts';
export { type KeepPackOptions, PythonPack } from './python-pack.ts';
export type { BootOptions, Capabilities, Process, RuntimeApi, SpawnOptions } from './api.ts';
export type { DirectoryEntry, MountOptions, RuntimeFiles, Stat, WatchEvent } from './api.ts';
export type { OpenPort, Ports, Preview } from './api.ts';
export type { Persistence, PersistenceEvent, PersistenceState } from './api.ts';
export type { CellOutput, CellResult, CellRun, Completions, Displays, OutputLook, PythonSession, PythonSessionOptions } from './api.ts';
export type { DisplayEvent, MimeBundle } from '#protocol';
export type { Diagnostic, ErrorCode, ExitStatus, Explanation, FileTree, Isolation, MountProgress } from '#protocol';
export type { OnConflict, Snapshot, SnapshotChange, StorageTier, StorageUsage, WorkspaceInfo, PythonPackState } from '#protocol';
export { isVerkletError, VerkletError } from '#protocol';
export type {
  Conflict,
  GrantInput,
  GrantOption,
  PromotionPolicy,
  PromotionRequest,
  PromotionState,
  QueuedCommand,
  RunningRule,
  SessionInfo,
} from './promotion/index.ts';
