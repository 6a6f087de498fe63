// What the Python half may ask of the process: numbers and JSON text only, so that nothing of it lives in a snapshot. Python worker.
import { MAX_DISPLAY_CHARACTERS, type DisplayEvent, type ExitStatus, type PromotionCode, type PromotionRefusal } from '#protocol';
import { signalNumber } from '../kernel/signals.ts';
import { derivePbkdf2, deriveScrypt } from './key-derivation.ts';
import { guest, toGuestResult } from './system/errno.ts';
import type { Guest } from './system/guest.ts';
import { spawnChild, type SpawnWish } from './system/spawn.ts';
import type { SystemLayer } from './system/system-layer.ts';

/** The kernel rings when a child ends; this is only for a ring that got lost. */
const LOOK_FOR_CHILD_MS = 50;

/** A Python function as JavaScript holds it. */
interface PromisingProxy {
  copy(): PromisingProxy;
  destroy(): void;
  callPromising(): Promise<unknown>;
}

export class HostApi {
  readonly #system: SystemLayer;
  /** Of the last {@link pause}, for `run_sync`; as a property, since Pyodide makes a task of what a call promises. */
  paused: Promise<void> = Promise.resolve();
  readonly #paused = new Map<number, () => void>();
  #body = new Uint8Array();

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

  origin(): string {
    return location.origin;
  }

  /** An HTTP request through the browser, blocking: `[status, headers]`; status 0 when nothing answered. */
  fetch(json: string): string {
    const { method, url, headers } = JSON.parse(json) as { method: string; url: string; headers: Record<string, string> };
    const request = new XMLHttpRequest();
    try {
      request.open(method, url, false);
      request.responseType = 'arraybuffer';
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.send();
    } catch (error) {
      // Offline, refused, or not allowed for this page: the caller says which address it was.
      return JSON.stringify([0, { reason: String(error) }]);
    }
    const lines = request
      .getAllResponseHeaders()
      .trim()
      .split(/[\r\n]+/);
    const received = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
    this.#body = new Uint8Array(request.response as ArrayBuffer);
    return JSON.stringify([request.status, received]);
  }

  /** The body of the last answer, once. */
  takeBody(): Uint8Array {
    const body = this.#body;
    this.#body = new Uint8Array();
    return body;
  }

  /** Bytes as hexadecimal text; empty for a hash that is not known. */
  pbkdf2(name: string, password: string, salt: string, iterations: number, length: number): string {
    return derivePbkdf2(name, password, salt, iterations, length);
  }

  scrypt(password: string, salt: string, n: number, r: number, p: number, length: number): string {
    return deriveScrypt(password, salt, { n, r, p, length });
  }

  /** A {@link DisplayEvent}; false when it is too large. */
  display(json: string): boolean {
    if (json.length > MAX_DISPLAY_CHARACTERS) return false;
    this.#guest.touch();
    this.#guest.host.reportDisplay(JSON.parse(json) as DisplayEvent);
    return true;
  }

  canSwitch(): boolean {
    return this.#system.canSwitchStacks;
  }

  /** Runs `work` on a stack of its own until it waits; needs {@link canSwitch}. */
  startStack(work: PromisingProxy): void {
    const kept = work.copy();
    // Python shows what a thread raises; here is only what broke the interpreter.
    kept
      .callPromising()
      .catch((error: unknown) => this.#guest.host.reportUnsupported(`thread: ${String(error)}`))
      .finally(() => kept.destroy());
  }

  /** What {@link paused} will be resolved by. */
  pause(stack: number): void {
    this.paused = new Promise((resolve) => this.#paused.set(stack, resolve));
  }

  resume(stack: number): void {
    this.#paused.get(stack)?.();
    this.#paused.delete(stack);
  }

  /** Whether the program may start anew: it has shown, read and changed nothing. */
  isUntouched(): boolean {
    return this.#guest.isUntouched;
  }

  /** Moves this process's command to a server session. Returns only where that was not granted. */
  promote(code: string, subject: string, because: string): void {
    const signal = { code: code as PromotionCode, subject, because };
    this.#guest.host.callSync<PromotionRefusal>({ type: 'promote', signal });
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
