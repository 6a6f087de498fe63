// The `tty_wrap` binding: terminals as streams with a size and a raw mode in shared memory. Runs in the process worker.
import { openStreamEnds, terminalOf } from '../descriptors.ts';
import type { BindingFactory, Realm } from '../realm.ts';
import type { TerminalControl } from '../../process/host.ts';
import { EINVAL } from './stream-base/errno.ts';
import { StreamHandle } from './stream-base/stream-handle.ts';

class TtyHandle extends StreamHandle {
  readonly #fd: number;
  readonly #control: TerminalControl;

  constructor(realm: Realm, fd: number, control: TerminalControl, stdioIndex: number) {
    super(realm);
    this.#fd = fd;
    this.#control = control;
    // Terminal output is synchronous on Linux.
    this.attach(openStreamEnds(realm.host, stdioIndex), true);
  }

  override get fd(): number {
    return this.#fd;
  }

  getWindowSize(into: number[]): number {
    into[0] = this.#control.columns;
    into[1] = this.#control.rows;
    return 0;
  }

  setRawMode(isRaw: boolean): number {
    this.#control.isRaw = isRaw;
    return 0;
  }
}

export const tty: BindingFactory = (realm, binding) => {
  binding['isTTY'] = (fd: number): boolean => terminalOf(realm, fd) !== null;
  binding['TTY'] = function TTY(fd: number, context?: Record<string, unknown>): TtyHandle | undefined {
    const terminal = terminalOf(realm, fd);
    const descriptor = realm.descriptors.get(fd);
    if (terminal !== null && descriptor?.kind === 'stream') {
      return new TtyHandle(realm, fd, realm.host.terminalControl(terminal), descriptor.stdioIndex);
    }
    if (context !== undefined) Object.assign(context, { errno: EINVAL, code: 'EINVAL', message: 'invalid argument', syscall: 'uv_tty_init' });
    return undefined;
  };
};
