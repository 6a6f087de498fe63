// The `fs` binding: Node's file functions over the shared-memory file system. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { installAttributes } from './fs/attributes.ts';
import { FsContext } from './fs/context.ts';
import { installCopy } from './fs/copy.ts';
import { installEntryPoints } from './fs/entry-points.ts';
import { installNames } from './fs/names.ts';
import { installOpen } from './fs/open.ts';
import { installReadWrite } from './fs/read-write.ts';
import { StatWatcher } from './fs/stat-watcher.ts';
import { installStats } from './fs/stats.ts';

export const fs: BindingFactory = (realm, binding) => {
  const context = new FsContext(realm, binding);
  installStats(context);
  installOpen(context);
  installReadWrite(context);
  installNames(context);
  installAttributes(context);
  installCopy(context);
  installEntryPoints(context);
  binding['StatWatcher'] = class extends StatWatcher {
    static override readonly name = 'StatWatcher';
    constructor(isBigInt: boolean) {
      super(context, isBigInt);
    }
  };
};
