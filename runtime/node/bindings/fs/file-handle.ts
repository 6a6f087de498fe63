// The object behind `fs.promises` file handles: owns one descriptor. Runs in the process worker.
import { AsyncWrap } from '../stream-base/handle-wrap.ts';
import { EBADF } from '../stream-base/errno.ts';
import type { FsContext } from './context.ts';
import { close } from './open.ts';

export class FileHandle extends AsyncWrap {
  readonly #context: FsContext;
  #fd: number;

  constructor(context: FsContext, fd: number) {
    super(context.realm);
    this.#context = context;
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd;
  }

  close(): Promise<unknown> | undefined {
    const fd = this.releaseFD();
    return this.#context.complete(this.#context.binding['kUsePromises'], () => {
      if (fd < 0) throw this.realm.uvException(EBADF, 'close');
      close(this.#context, fd);
    });
  }

  /** Gives the descriptor away: the caller closes it. */
  releaseFD(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }
}
