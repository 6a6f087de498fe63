// The object behind `fs.promises` file handles: owns one descriptor. Runs in the process worker.
import { markShareable } from '../messaging/native-handles.ts';
import { AsyncWrap } from '../stream-base/handle-wrap.ts';
import { EBADF } from '../stream-base/errno.ts';
import type { FsContext } from './context.ts';

export class FileHandle extends AsyncWrap {
  static readonly name: string = 'FileHandle';
  readonly #context: FsContext;
  readonly #close: (fd: number) => void;
  #fd: number;

  constructor(context: FsContext, fd: number, close: (fd: number) => void) {
    super(context.realm);
    this.#context = context;
    this.#close = close;
    this.#fd = fd;
    markShareable(this);
  }

  get fd(): number {
    return this.#fd;
  }

  close(): Promise<unknown> | undefined {
    const fd = this.releaseFD();
    return this.#context.complete(this.#context.binding['kUsePromises'], () => {
      if (fd < 0) throw this.realm.uvException(EBADF, 'close');
      this.#close(fd);
    });
  }

  /** Gives the descriptor away: the caller closes it. */
  releaseFD(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }
}
