// Keeps the files of the tab and of the session the same: pushes the tab's changes, pulls the server's, keeps both versions
// where both changed one. Folders that the other side makes anew (node_modules) stay where they are. Page side.
import {
  decodeTree,
  isFolderMode,
  isSymlinkMode,
  isVerkletError,
  MAX_MIRRORED_FILE_BYTES,
  UNMIRRORED_NAMES,
  VerkletError,
  WORKSPACE_ROOT,
  type FileEntry,
  type HashedTree,
  type PackedRecord,
  type TreeEntry,
} from '#protocol';
import type { KernelChannel } from '../kernel-channel.ts';
import { merge, type FlatTree, type MergeStep, type PathState } from './merge.ts';
import type { SessionClient } from './session-client.ts';

const READ_BATCH = 200;
const MAX_TRIES = 10;

export interface Conflict {
  readonly path: string;
  /** Where the server's version is; null when the server had removed the path. */
  readonly keptAs: string | null;
  readonly atMs: number;
}

export interface SyncEvents {
  onConflict(conflict: Conflict): void;
  /** Files that are too large to travel. */
  onSkipped(paths: readonly string[]): void;
  onSent(sentBytes: number): void;
  /** Both sides agree on this tree: what a later session starts to compare with. */
  onAgreed(root: string): void;
}

interface LocalTree {
  readonly root: string;
  readonly flat: FlatTree;
  readonly hashed: HashedTree;
}

export class WorkspaceSync {
  readonly #kernel: KernelChannel;
  readonly #client: SessionClient;
  readonly #session: string;
  readonly #events: SyncEvents;
  readonly #trees = new Map<string, readonly TreeEntry[]>();
  #agreed: { root: string | null; flat: FlatTree } = { root: null, flat: new Map() };
  #local: LocalTree | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #pulledBatch = 0;
  readonly #waiting = new Set<{ readonly batch: number; resolve(): void }>();

  constructor(kernel: KernelChannel, client: SessionClient, session: string, events: SyncEvents) {
    this.#kernel = kernel;
    this.#client = client;
    this.#session = session;
    this.#events = events;
  }

  /** Files and bytes that a first upload would have to consider. */
  static async measure(kernel: KernelChannel): Promise<{ files: number; sizeBytes: number }> {
    const tree = await hashWorkspace(kernel, null);
    const files = tree?.files ?? [];
    return { files: files.length, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  }

  /** Starts from the last agreed tree (if the server still has it) and makes both sides equal. */
  async start(agreed: string | null, serverRoot: string | null, batch: number): Promise<void> {
    if (agreed !== null && serverRoot !== null) {
      const flat = await this.#flatten(agreed).catch(() => null); // the server forgot it: compared with nothing then
      if (flat) this.#agreed = { root: agreed, flat };
    }
    if (serverRoot !== null) await this.pull(serverRoot, batch);
    await this.push();
  }

  /** Resolves when the session has every change that the tab had when this was called. */
  push(): Promise<void> {
    return this.#inTurn(() => this.#push());
  }

  /** The session's tree moved. */
  pull(root: string, batch: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#pull(root);
      this.#notePulled(batch);
    });
  }

  /** Resolves when the tab has what the box had changed in this batch. */
  caughtUp(batch: number): Promise<void> {
    if (batch <= this.#pulledBatch) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.add({ batch, resolve }));
  }

  /** The session is over: nothing more will come. */
  close(): void {
    this.#notePulled(Infinity);
  }

  async #push(): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const local = await this.#readLocal();
      if (local.root === this.#agreed.root) return;
      await this.#upload(local);
      try {
        const { failed } = await this.#client.commit(this.#session, this.#agreed.root, local.root);
        if (failed.length > 0) this.#events.onSkipped(failed.map(({ path }) => path));
        this.#agree(local.root, local.flat);
        return;
      } catch (error) {
        if (!isVerkletError(error) || error.code !== 'ERR_STALE_ROOT') throw error;
        const root = error.details['root'];
        if (typeof root === 'string' && root !== this.#agreed.root) await this.#pull(root);
        // The box was changing files at that moment: its change is on its way.
        else await new Promise((resolve) => setTimeout(resolve, 50 * (tries + 1)));
        const info = await this.#client.info(this.#session);
        if (info.root !== null && info.root !== this.#agreed.root) await this.#pull(info.root);
      }
    }
    throw new VerkletError('ERR_TIMEOUT', { what: 'Sending the files', timeoutMs: 0 });
  }

  async #upload({ hashed }: LocalTree): Promise<void> {
    const missingTrees = new Set(await this.#client.missing(hashed.trees.map(({ key }) => key)));
    if (missingTrees.size === 0) return;
    const folders = new Set(hashed.trees.filter(({ key }) => missingTrees.has(key)).map(({ path }) => path));
    const candidates = hashed.files.filter(({ path }) => folders.has(path.slice(0, Math.max(0, path.lastIndexOf('/')))));
    const missingBlobs = new Set(await this.#client.missing([...new Set(candidates.map(({ key }) => key))]));
    const wanted = [...new Map(candidates.filter(({ key }) => missingBlobs.has(key)).map((file) => [file.key, file])).values()];
    let sentBytes = 0;
    const onSent = (bytes: number): void => this.#events.onSent(sentBytes + bytes);
    for (let at = 0; at < wanted.length; at += READ_BATCH) {
      const group = wanted.slice(at, at + READ_BATCH);
      const contents = await this.#kernel.ask<(Uint8Array | null)[]>({
        type: 'call-files',
        call: { op: 'readFiles', path: WORKSPACE_ROOT, paths: group.map(({ path }) => path) },
      });
      const records = group.flatMap(({ key }, index): PackedRecord[] => {
        const payload = contents[index];
        return payload ? [{ type: 'blob', key, payload }] : [];
      });
      sentBytes += await this.#client.upload(records, onSent);
    }
    const trees = hashed.trees
      .filter(({ key }) => missingTrees.has(key))
      .map(({ key, payload }): PackedRecord => ({ type: 'tree', key, payload }));
    await this.#client.upload(trees, onSent);
  }

  async #pull(root: string): Promise<void> {
    if (root === this.#agreed.root) return;
    const server = await this.#flatten(root);
    const local = await this.#readLocal();
    const steps = merge(this.#agreed.flat, local.flat, server);
    await this.#take(steps);
    this.#agree(root, server);
  }

  async #take(steps: readonly MergeStep[]): Promise<void> {
    const placed = steps.flatMap((step): { path: string; state: PathState | null }[] => {
      if (step.kind === 'take') return [step];
      return step.keptAs === null ? [] : [{ path: step.keptAs, state: step.state }];
    });
    const keys = placed.flatMap(({ state }) => (state && !isFolderMode(state.mode) ? [state.key] : []));
    const contents = keys.length === 0 ? new Map<string, Uint8Array>() : await this.#client.read(keys);
    const entries: FileEntry[] = [];
    const bytes: Uint8Array[] = [];
    for (const { path, state } of placed) {
      const content = state === null ? undefined : contents.get(state.key);
      entries.push(entryOf(path, state, content));
      if (entries.at(-1)?.kind === 'file') bytes.push(content ?? new Uint8Array(0));
    }
    if (entries.length > 0) {
      const failed = await this.#kernel.ask<string[]>({
        type: 'call-files',
        call: { op: 'applyEntries', path: WORKSPACE_ROOT, entries, contents: bytes },
      });
      if (failed.length > 0) this.#events.onSkipped(failed);
    }
    for (const step of steps)
      if (step.kind === 'conflict') this.#events.onConflict({ path: step.path, keptAs: step.keptAs, atMs: Date.now() });
  }

  async #readLocal(): Promise<LocalTree> {
    const hashed = await hashWorkspace(this.#kernel, this.#local?.hashed.cursor ?? null);
    if (hashed === null && this.#local) return this.#local;
    const tree = hashed as HashedTree;
    if (tree.skipped.length > 0) this.#events.onSkipped(tree.skipped);
    for (const { key, payload } of tree.trees) if (!this.#trees.has(key)) this.#trees.set(key, decodeTree(payload) ?? []);
    this.#local = { root: tree.root, flat: await this.#flatten(tree.root), hashed: tree };
    return this.#local;
  }

  /** Every path of a tree; folders that are not known here are read from the server, one level at a time. */
  async #flatten(root: string): Promise<FlatTree> {
    const flat = new Map<string, PathState>();
    let level: { key: string; prefix: string }[] = [{ key: root, prefix: '' }];
    while (level.length > 0) {
      const unknown = level.map(({ key }) => key).filter((key) => !this.#trees.has(key));
      if (unknown.length > 0) {
        for (const [key, payload] of await this.#client.read(unknown)) this.#trees.set(key, decodeTree(payload) ?? []);
      }
      const next: typeof level = [];
      for (const { key, prefix } of level) {
        for (const entry of this.#trees.get(key) ?? []) {
          flat.set(prefix + entry.name, { mode: entry.mode, key: entry.key, mtimeMs: entry.mtimeMs });
          if (isFolderMode(entry.mode)) next.push({ key: entry.key, prefix: `${prefix}${entry.name}/` });
        }
      }
      level = next;
    }
    return flat;
  }

  #agree(root: string, flat: FlatTree): void {
    this.#agreed = { root, flat };
    this.#events.onAgreed(root);
  }

  #notePulled(batch: number): void {
    if (batch > this.#pulledBatch) this.#pulledBatch = batch;
    for (const waiting of this.#waiting) {
      if (waiting.batch > this.#pulledBatch) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined); // the caller hears of it; the next turn starts anyway
    return result;
  }
}

function hashWorkspace(kernel: KernelChannel, cursor: number | null): Promise<HashedTree | null> {
  return kernel.ask({
    type: 'call-files',
    call: { op: 'hashTree', path: WORKSPACE_ROOT, exclude: UNMIRRORED_NAMES, maxFileBytes: MAX_MIRRORED_FILE_BYTES, cursor },
  });
}

function entryOf(path: string, state: PathState | null, content: Uint8Array | undefined): FileEntry {
  if (state === null) return { kind: 'removed', path };
  const mode = state.mode & 0o777;
  if (isFolderMode(state.mode)) return { kind: 'folder', path, mode, mtimeMs: state.mtimeMs };
  if (isSymlinkMode(state.mode)) return { kind: 'symlink', path, target: new TextDecoder().decode(content), mtimeMs: state.mtimeMs };
  return { kind: 'file', path, mode, mtimeMs: state.mtimeMs, sizeBytes: content?.length ?? 0 };
}
