// The `tty_wrap` binding: terminals as streams with a size and a raw mode in shared memory. Runs in the process worker.
import { openStreamEnds, terminalOf } from '../descriptors.ts';
import type { BindingFactory, Realm } from '../realm.ts';
import type { TerminalControl } from '../../process/host.ts';
import { EINVAL, ENOTTY } from './stream-base/errno.ts';
import { StreamHandle } from './stream-base/stream-handle.ts';

class TtyHandle extends StreamHandle {
  readonly #fd: number;
  readonly #control: TerminalControl | null;

  constructor(realm: Realm, fd: number, failure: Record<string, unknown> | undefined) {
    super(realm);
    this.#fd = fd;
    const terminal = terminalOf(realm, fd);
    const descriptor = realm.descriptors.get(fd);
    this.#control = terminal === null ? null : realm.host.terminalControl(terminal);
    // Terminal output is synchronous on Linux.
    if (terminal !== null && descriptor?.kind === 'stream') this.attach(openStreamEnds(realm.host, descriptor.stdioIndex), true);
    else Object.assign(failure ?? {}, { errno: EINVAL, code: 'EINVAL', message: 'invalid argument', syscall: 'uv_tty_init' });
  }

  override get fd(): number {
    return this.#fd;
  }

  getWindowSize(into: number[]): number {
    if (this.#control === null) return ENOTTY;
    into[0] = this.#control.columns;
    into[1] = this.#control.rows;
    return 0;
  }

  setRawMode(isRaw: boolean): number {
    if (this.#control === null) return ENOTTY;
    this.#control.isRaw = isRaw;
    return 0;
  }
}

export const tty: BindingFactory = (realm, binding) => {
  binding['isTTY'] = (fd: number): boolean => terminalOf(realm, fd) !== null;
  binding['TTY'] = class extends TtyHandle {
    static override readonly name = 'TTY';
    constructor(fd: number, failure?: Record<string, unknown>) {
      super(realm, fd, failure);
    }
  };
};
