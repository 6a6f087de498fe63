// The `fs_event_wrap` binding: `fs.watch` on the file system's change ring, told as inotify would. Runs in the process worker.
import type { FileChange } from '../../fs/file-system.ts';
import type { BindingFactory, Realm } from '../realm.ts';
import { FsContext, type PathArgument } from './fs/context.ts';
import { emptyStat, S_IFDIR, S_IFMT } from './fs/stat-values.ts';
import { HandleWrap } from './stream-base/handle-wrap.ts';
import { encodeName } from './stream-base/text.ts';

type Listener = (change: FileChange) => void;

/** One wait on the ring for all watchers of the process; it sleeps while nobody watches. */
class ChangeFeed {
  readonly #realm: Realm;
  readonly #listeners = new Set<Listener>();
  #stop: AbortController | null = null;
  #cursor = 0;

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  add(listener: Listener): void {
    // What happened before is news to the others only.
    if (this.#stop !== null) this.#tell();
    this.#listeners.add(listener);
    if (this.#stop !== null) return;
    this.#stop = new AbortController();
    void this.#follow(this.#stop.signal);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#stop?.abort();
    this.#stop = null;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { fs } = this.#realm.host;
    this.#cursor = fs.changeCursor();
    while (!signal.aborted) {
      await fs.waitForChange(this.#cursor, signal);
      if (!signal.aborted) this.#tell();
    }
  }

  #tell(): void {
    const { changes, cursor } = this.#realm.host.fs.changesSince(this.#cursor);
    this.#cursor = cursor;
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }
}

class FSEvent extends HandleWrap {
  readonly #context: FsContext;
  readonly #feed: ChangeFeed;
  #path = '';
  #isFolder = false;
  #encoding: string | undefined;
  #listener: Listener | null = null;
  declare onchange?: (status: number, event: string, name: unknown) => void;

  constructor(context: FsContext, feed: ChangeFeed) {
    super(context.realm);
    this.#context = context;
    this.#feed = feed;
  }

  get initialized(): boolean {
    return this.#listener !== null && !this.isShutDown;
  }

  start(path: PathArgument, isPersistent: boolean, _isRecursive: boolean, encoding: string | undefined): number {
    const { fs } = this.#context;
    const real = fs.realpath(this.#context.pathOf(path));
    if (typeof real === 'number') return real;
    const stat = emptyStat();
    const result = fs.stat(real, stat);
    if (result < 0) return result;
    this.#path = real;
    this.#isFolder = (stat.mode & S_IFMT) === S_IFDIR;
    this.#encoding = encoding;
    this.#listener = (change) => this.#offer(change);
    this.#feed.add(this.#listener);
    if (!isPersistent) this.unref();
    this.setActive(true);
    return 0;
  }

  protected override onClosing(): void {
    if (this.#listener !== null) this.#feed.remove(this.#listener);
  }

  #offer(change: FileChange): void {
    const name = this.#nameOf(change.path);
    if (name === null) return;
    const event = change.kind === 'create' || change.kind === 'remove' ? 'rename' : 'change';
    this.realm.loop.enqueue(() => {
      if (!this.isShutDown) this.realm.makeCallback(this, this.onchange, 0, event, encodeName(this.realm, name, this.#encoding));
    });
  }

  /** The name to report for a change of `path`, or `null` when it is somebody else's. */
  #nameOf(path: string): string | null {
    const slash = path.lastIndexOf('/');
    if (path === this.#path) return path.slice(slash + 1);
    const folder = path.slice(0, slash) || '/';
    return this.#isFolder && folder === this.#path ? path.slice(slash + 1) : null;
  }
}

export const fsEvent: BindingFactory = (realm, binding) => {
  const context = new FsContext(realm, binding);
  const feed = new ChangeFeed(realm);
  binding['FSEvent'] = class extends FSEvent {
    static override readonly name = 'FSEvent';
    constructor() {
      super(context, feed);
    }
  };
};
