// The `fs_dir` binding: `fs.opendir` over a snapshot of the folder's entries. Runs in the process worker.
import type { Dirent } from '../../fs/file-system.ts';
import type { BindingFactory } from '../realm.ts';
import { FsContext, type PathArgument, textOf } from './fs/context.ts';
import { direntType } from './fs/stat-values.ts';
import { AsyncWrap, completeLater } from './stream-base/handle-wrap.ts';
import { encodeName } from './stream-base/text.ts';

class DirHandle extends AsyncWrap {
  readonly #entries: readonly Dirent[];
  #next = 0;

  constructor(context: FsContext, entries: readonly Dirent[]) {
    super(context.realm);
    this.#entries = entries;
  }

  /** Up to `size` entries as name, type, name, type...; `null` at the end. */
  read(encoding: string | undefined, size: number, request?: object): unknown[] | null | undefined {
    const batch = this.#entries.slice(this.#next, this.#next + size);
    this.#next += batch.length;
    const listed =
      batch.length === 0 ? null : batch.flatMap((entry) => [encodeName(this.realm, entry.name, encoding), direntType(entry.type)]);
    if (request === undefined) return listed;
    completeLater(this.realm, request, null, listed);
    return undefined;
  }

  close(request?: object): void {
    this.#next = this.#entries.length;
    if (request !== undefined) completeLater(this.realm, request, null);
  }
}

export const fsDir: BindingFactory = (realm, binding) => {
  const context = new FsContext(realm, binding);
  const open = (path: PathArgument): DirHandle => {
    const entries = context.fs.readdir(context.pathOf(path));
    if (typeof entries === 'number') throw realm.uvException(entries, 'opendir', textOf(path));
    return new DirHandle(context, entries);
  };
  binding['DirHandle'] = DirHandle;
  context.define('opendir', 2, open);
  binding['opendirSync'] = open;
};
