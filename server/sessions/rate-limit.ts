// How often one address may ask within a window of time. In memory: a limit per replica is enough against floods.

export class RateLimit {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #counts = new Map<string, { count: number; sinceMs: number }>();

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** False when the address has asked too often. */
  take(address: string, nowMs = Date.now()): boolean {
    const entry = this.#counts.get(address);
    if (entry === undefined || nowMs - entry.sinceMs > this.#windowMs) {
      if (this.#counts.size > 10_000) this.#forget(nowMs);
      this.#counts.set(address, { count: 1, sinceMs: nowMs });
      return true;
    }
    entry.count++;
    return entry.count <= this.#limit;
  }

  #forget(nowMs: number): void {
    for (const [address, { sinceMs }] of this.#counts) if (nowMs - sinceMs > this.#windowMs) this.#counts.delete(address);
  }
}
