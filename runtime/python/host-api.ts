// What the Python half may ask of the process: numbers and JSON text only, so that nothing of it lives in a snapshot. Python worker.
import type { ExitStatus } from '#protocol';
import { signalNumber } from '../kernel/signals.ts';
import { guest, toGuestResult } from './system/errno.ts';
import type { Guest } from './system/guest.ts';
import { spawnChild, type SpawnWish } from './system/spawn.ts';
import type { SystemLayer } from './system/system-layer.ts';

/** The kernel rings when a child ends; this is only for a ring that got lost. */
const LOOK_FOR_CHILD_MS = 50;

export class HostApi {
  readonly #system: SystemLayer;

  constructor(system: SystemLayer) {
    this.#system = system;
  }

  /** A {@link SpawnWish}; the pid, or a negative errno of Emscripten's. */
  spawn(json: string): number {
    return spawnChild(this.#system, JSON.parse(json) as SpawnWish);
  }

  /** `{pid, status}` of an ended child, a negative errno, or nothing while it runs. */
  wait(pid: number, noHang: boolean): string {
    const answer = this.#guest.host.callSync<number | { pid: number; status: ExitStatus }>({ type: 'wait', pid, noHang });
    if (typeof answer === 'number') return answer === 0 ? '' : String(toGuestResult(answer));
    return JSON.stringify({ pid: answer.pid, status: waitStatus(answer.status) });
  }

  pollForChildMs(): number {
    return LOOK_FOR_CHILD_MS;
  }

  kill(pid: number, signal: number): number {
    return toGuestResult(this.#guest.host.callSync({ type: 'kill', pid, signal }));
  }

  setHandled(signal: number, isHandled: boolean): void {
    this.#guest.host.slots.setHandled(signal, isHandled);
  }

  link(existing: string, path: string): number {
    return toGuestResult(this.#guest.host.fs.link(existing, path));
  }

  /** The descriptors of two connected sockets, as JSON. */
  socketpair(): string {
    return JSON.stringify(this.#system.sockets.pair());
  }

  setSocketOption(fd: number, level: number, name: number, value: number): void {
    this.#system.sockets.setOption(fd, level, name, value);
  }

  reportBoundary(reason: string, detail: string): void {
    this.#guest.host.reportUnsupported(`${reason}: ${detail}`);
  }

  get #guest(): Guest {
    return this.#system.guest;
  }
}

/** As `waitpid` encodes it. */
function waitStatus({ code, signal }: ExitStatus): number {
  return signal === null ? (code ?? 0) << 8 : (signalNumber(signal) ?? -guest.EINVAL);
}
