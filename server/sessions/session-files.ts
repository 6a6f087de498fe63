// The files of one session: the tree that is the truth, changes of the box that move it, commits of clients that the box
// takes over. One change at a time; the loser of a race hears `ERR_STALE_ROOT` and merges.
import { VerkletError, type FileEntry, type FilesCommand, type FilesEvent, type LinkStream } from '#protocol';
import { ContentReader, sendWithContents } from '../agent/file-channel.ts';
import type { RecordStore } from '../state/record-store.ts';
import type { AgentConnection } from './agent-connection.ts';
import { diffTrees, TreeModel, type TreeChange } from './tree-model.ts';

const MAX_APPLY_BYTES = 8 * 1024 * 1024;
const MAX_APPLY_ENTRIES = 4000;

export interface SessionFilesOptions {
  readonly store: RecordStore;
  readonly owner: string;
  readonly session: string;
  readonly root: string | null;
  /** The tree moved: `batch` is the agent's last that it holds. */
  readonly onMoved: (root: string, batch: number, skipped: readonly string[]) => void;
}

export interface CommitResult {
  readonly root: string;
  /** Paths that the box could not take. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

type Applied = Extract<FilesEvent, { type: 'applied' }>;
type Changes = Extract<FilesEvent, { type: 'changes' }>;

export class SessionFiles {
  readonly #options: SessionFilesOptions;
  #root: string | null;
  #batch = 0;
  #stream: LinkStream | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #nextId = 1;
  readonly #waiting = new Map<number, PromiseWithResolvers<Applied>>();

  constructor(options: SessionFilesOptions) {
    this.#options = options;
    this.#root = options.root;
  }

  get root(): string | null {
    return this.#root;
  }

  get batch(): number {
    return this.#batch;
  }

  /** Opens the stream to a box. `isFresh`: an empty one, which gets everything. */
  async attach(agent: AgentConnection, isFresh: boolean): Promise<void> {
    const reader = new ContentReader<FilesEvent>((event, contents) => this.#receive(event, contents));
    const stream = agent.endpoint.open(
      { type: 'files', isFresh },
      {
        onMessage: (message) => reader.message(message as FilesEvent),
        onData: (bytes) => {
          reader.bytes(bytes);
          stream.taken(bytes.length);
        },
        onReset: () => this.#lost(),
      },
    );
    this.#stream = stream;
    if (!isFresh) return;
    this.#batch = 0;
    const root = this.#root;
    if (root !== null) await this.#inTurn(() => this.#applyTree(null, root));
  }

  /** A client's tree becomes the session's, if it grew from the current one. */
  commit(base: string | null, root: string): Promise<CommitResult> {
    const { store, owner, session } = this.#options;
    return this.#inTurn(async () => {
      if (base !== this.#root) throw new VerkletError('ERR_STALE_ROOT', { root: this.#root });
      if (root === this.#root) return { root, failed: [] };
      await store.checkComplete(owner, root, new Set(base === null ? [] : await this.#foldersOf(base)));
      const failed = this.#stream === null ? [] : await this.#applyTree(base, root);
      if (!(await store.registry.moveRoot(session, base, root))) throw new VerkletError('ERR_STALE_ROOT', { root: null });
      this.#root = root;
      this.#options.onMoved(root, this.#batch, []);
      return { root, failed };
    });
  }

  /** Waits until what the box changed up to now is stored. */
  async flush(): Promise<void> {
    if (this.#stream === null) return;
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Applied>();
    this.#waiting.set(id, waiting);
    this.#stream.message({ type: 'flush', id } satisfies FilesCommand);
    await waiting.promise;
    await this.#turn;
  }

  #lost(): void {
    this.#stream = null;
    for (const { reject } of this.#waiting.values()) reject(new VerkletError('ERR_SESSION_LOST', { reason: 'the box went away' }));
    this.#waiting.clear();
  }

  #receive(event: FilesEvent, contents: readonly Uint8Array[]): void {
    switch (event.type) {
      case 'changes':
        // Not awaited: the stream goes on, and the turns keep the order. A failure ends this stream, so that the next
        // attach reads the box anew.
        this.#inTurn(() => this.#store(event, contents)).catch(() => this.#stream?.reset());
        return;
      case 'applied':
        this.#waiting.get(event.id)?.resolve(event);
        this.#waiting.delete(event.id);
        return;
      case 'flushed':
        this.#waiting.get(event.id)?.resolve({ type: 'applied', id: event.id, isStale: false, failed: [] });
        this.#waiting.delete(event.id);
        return;
      default:
        event satisfies never;
    }
  }

  async #store(changes: Changes, contents: readonly Uint8Array[]): Promise<void> {
    const { store, owner, session, onMoved } = this.#options;
    const { entries, batch, isFull, skipped } = changes;
    const before = this.#root;
    const tree = new TreeModel(store, owner, isFull ? null : before);
    const blobs = await tree.apply(entries.filter(isWellFormed), contents);
    const { root, trees } = tree.write();
    await store.put(owner, [...blobs, ...trees]);
    if (root !== before && !(await store.registry.moveRoot(session, before, root)))
      throw new VerkletError('ERR_STALE_ROOT', { root: null });
    this.#root = root;
    this.#batch = batch;
    onMoved(root, batch, skipped);
  }

  /** Sends the difference to the box, in pieces that fit in memory. Throws `ERR_STALE_ROOT` when the box changed meanwhile. */
  async #applyTree(from: string | null, to: string): Promise<CommitResult['failed']> {
    const { store, owner } = this.#options;
    const changes = await diffTrees(store, owner, from, to);
    const failed: { path: string; reason: string }[] = [];
    let piece: TreeChange[] = [];
    let contents: Uint8Array[] = [];
    let sizeBytes = 0;
    const send = async (): Promise<void> => {
      if (piece.length === 0) return;
      const applied = await this.#apply(
        piece.map(({ entry }) => entry),
        contents,
      );
      if (applied.isStale) throw new VerkletError('ERR_STALE_ROOT', { root: null });
      failed.push(...applied.failed);
      piece = [];
      contents = [];
      sizeBytes = 0;
    };
    for (let at = 0; at < changes.length; at += 256) {
      const group = changes.slice(at, at + 256);
      const blobs = await store.read(
        owner,
        group.flatMap(({ key }) => key ?? []),
      );
      for (const { entry, key } of group) {
        const blob = key === null ? null : (blobs.shift() as Uint8Array);
        if (blob) contents.push(blob);
        sizeBytes += blob?.length ?? 0;
        piece.push({ entry: entry.kind === 'file' && blob ? { ...entry, sizeBytes: blob.length } : entry, key });
        if (sizeBytes > MAX_APPLY_BYTES || piece.length >= MAX_APPLY_ENTRIES) await send();
      }
    }
    await send();
    return failed;
  }

  #apply(entries: readonly FileEntry[], contents: readonly Uint8Array[]): Promise<Applied> {
    const stream = this.#stream;
    if (stream === null) throw new VerkletError('ERR_SESSION_LOST', { reason: 'the box went away' });
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Applied>();
    this.#waiting.set(id, waiting);
    sendWithContents(stream, { type: 'apply', id, entries } as Extract<FilesCommand, { type: 'apply' }>, contents);
    return waiting.promise;
  }

  async #foldersOf(root: string): Promise<string[]> {
    const { store, owner } = this.#options;
    const entries = await store.readTree(owner, root);
    const below = await Promise.all(entries.filter(({ mode }) => (mode & 0o170000) === 0o040000).map(({ key }) => this.#foldersOf(key)));
    return [root, ...below.flat()];
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined); // the caller hears of it; the next turn starts anyway
    return result;
  }
}

/** The box is hostile: a path that leads anywhere else is dropped before it is in a tree. */
function isWellFormed(entry: FileEntry): boolean {
  return (
    typeof entry.path === 'string' &&
    entry.path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'))
  );
}
