// Signals a shell handles itself: traps of scripts, Ctrl-C of an interactive shell. Runs in the tools worker.
import { signalNumber, signalNumbers } from '../../kernel/signals.ts';
import type { ProcessHost } from '../../process/host.ts';

export class SignalQueue {
  readonly #host: ProcessHost;
  readonly #pending = new Set<number>();
  readonly #waiting = new Set<() => void>();

  constructor(host: ProcessHost) {
    this.#host = host;
    host.onSignal = (signal) => this.#arrived(signal);
  }

  /** From now on the signal comes here instead of ending the process, or no longer does. */
  handle(name: string, isHandled: boolean): void {
    const signal = signalNumber(`SIG${name}`);
    if (signal !== undefined) this.#host.slots.setHandled(signal, isHandled);
  }

  /** The oldest signal that nobody took, by name without SIG. */
  take(): string | null {
    this.#poll();
    const [signal] = this.#pending;
    if (signal === undefined) return null;
    this.#pending.delete(signal);
    return signalLabel(signal);
  }

  has(name: string): boolean {
    this.#poll();
    const signal = signalNumber(`SIG${name}`);
    return signal !== undefined && this.#pending.has(signal);
  }

  get isEmpty(): boolean {
    this.#poll();
    return this.#pending.size === 0;
  }

  /** Resolves with the next signal's arrival. */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #poll(): void {
    for (const signal of this.#host.slots.takeSignals()) this.#arrived(signal);
  }

  #arrived(signal: number): void {
    this.#pending.add(signal);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** `TERM`, `SIGTERM`, `15` and `EXIT`, `0`, `ERR` as the trap's key; `null` for no signal. */
export function trapKey(text: string): string | null {
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (name === '0' || name === 'EXIT') return 'EXIT';
  if (name === 'ERR' || name === 'DEBUG' || name === 'RETURN') return name;
  if (/^\d+$/.test(name)) return signalLabel(Number(name));
  return signalNumber(`SIG${name}`) === undefined ? null : name;
}

function signalLabel(signal: number): string | null {
  return (
    Object.entries(signalNumbers)
      .find(([, number]) => number === signal)?.[0]
      .slice(3) ?? null
  );
}
