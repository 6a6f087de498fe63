// The `process_wrap` binding: `child_process.spawn` and `fork` over the kernel's process table. Runs in the process worker.
import type { ExitStatus } from '#protocol';
import type { BindingFactory } from '../realm.ts';
import { ChildStdio } from './process-wrap/child-stdio.ts';
import { childrenOf } from './process-wrap/children.ts';
import { launch, prepareStdio, type SpawnOptions } from './process-wrap/launch.ts';
import { HandleWrap } from './stream-base/handle-wrap.ts';

const ESRCH = -3;

class ProcessHandle extends HandleWrap {
  /** Absent until a child runs: a failed spawn shows none. */
  declare pid?: number;
  #isRunning = false;
  declare onexit?: (exitCode: number, signal: string) => void;

  spawn(options: SpawnOptions): number {
    const { realm } = this;
    const stdio = new ChildStdio(realm);
    const wanted = options.stdio ?? [];
    const prepared = prepareStdio(stdio, wanted);
    if (prepared < 0) return prepared;
    // Listening before the call: a short-lived child may end first.
    const children = childrenOf(realm);
    const pid = launch(realm, options, stdio);
    // After a failure, too: they are at their end then, as after a child that left at once.
    for (const [index, ends] of stdio.ours) wanted[index]?.handle?.attach(ends);
    if (pid < 0) return pid;
    this.pid = pid;
    this.#isRunning = true;
    this.setActive(true);
    children.onExit(pid, (status) => this.#exited(status));
    return 0;
  }

  kill(signal: number): number {
    if (!this.#isRunning) return ESRCH;
    return this.realm.host.callSync({ type: 'kill', pid: this.pid ?? 0, signal });
  }

  #exited(status: ExitStatus): void {
    this.#isRunning = false;
    this.setActive(false);
    if (!this.isShutDown) this.realm.makeCallback(this, this.onexit, status.code ?? 0, status.signal ?? '');
  }
}

export const processWrap: BindingFactory = (realm, binding) => {
  binding['Process'] = class extends ProcessHandle {
    static override readonly name = 'Process';
    constructor() {
      super(realm);
    }
  };
};
