// Starts a child process for `fork_exec`: finds the program, hands descriptors over. Python worker.
import type { Stdio } from '#protocol';
import { resolveProgram } from '../../process/exec.ts';
import { guest, toGuestResult } from './errno.ts';
import { OpenedFile } from './opened-file.ts';
import { OpenedPipe } from './opened-pipe.ts';
import type { SystemLayer } from './system-layer.ts';

export interface SpawnWish {
  /** Paths to try in order, as CPython computes them from PATH. */
  readonly files: readonly string[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Our descriptors that become the child's 0, 1 and 2. */
  readonly stdio: readonly number[];
  readonly newGroup: boolean;
}

/** The pid, or a negative errno of Emscripten's with everything taken back. */
export function spawnChild(system: SystemLayer, wish: SpawnWish): number {
  const { host } = system.guest;
  system.guest.touch();
  let failure: number = guest.ENOENT;
  for (const file of wish.files) {
    const resolved = resolveProgram(host.fs, { file, argv: wish.argv, env: wish.env, cwd: wish.cwd });
    if (typeof resolved === 'number') {
      failure = toGuestResult(resolved);
      continue;
    }
    const given: (() => void)[] = [];
    const stdio = wish.stdio.map((fd) => inheritedStdio(system, fd, given));
    const request = { program: resolved.program, argv: resolved.argv, env: wish.env, cwd: wish.cwd, stdio, newGroup: wish.newGroup };
    const pid = host.callSync({ type: 'spawn', request });
    if (pid >= 0) return pid;
    for (const takeBack of given) takeBack();
    return toGuestResult(pid);
  }
  return failure;
}

/** What we hold for the child here, the kernel moves to it when it starts. */
function inheritedStdio(system: SystemLayer, fd: number, given: (() => void)[]): Stdio {
  const { host } = system.guest;
  const opened = system.guest.stream(fd)?.opened;
  if (opened instanceof OpenedFile) {
    host.fs.retain(opened.handle);
    given.push(() => host.fs.close(opened.handle));
    return { kind: 'file', handle: opened.handle };
  }
  if (opened instanceof OpenedPipe) {
    opened.receive?.retain('read');
    opened.send?.retain('write');
    given.push(() => {
      opened.receive?.release('read');
      opened.send?.release('write');
    });
    return opened.stdio;
  }
  return { kind: 'null' };
}
