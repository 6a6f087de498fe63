// The HTTP server's list of connections, for idle and timeout checks. Runs in the process worker.
import { performance } from '../../../process/intrinsics.ts';

/** What the list needs to know of a parser. Times are `performance.now()` milliseconds; 0: no request under way. */
export interface TimedParser {
  readonly requestStartedAtMs: number;
  readonly areHeadersComplete: boolean;
}

export class ConnectionsList {
  readonly #all = new Set<TimedParser>();
  readonly #active = new Set<TimedParser>();

  add(parser: TimedParser): void {
    this.#all.add(parser);
  }

  activate(parser: TimedParser): void {
    this.#active.add(parser);
  }

  deactivate(parser: TimedParser): void {
    this.#active.delete(parser);
  }

  remove(parser: TimedParser): void {
    this.#all.delete(parser);
    this.#active.delete(parser);
  }

  all(): TimedParser[] {
    return [...this.#all];
  }

  idle(): TimedParser[] {
    return [...this.#all].filter((parser) => parser.requestStartedAtMs === 0);
  }

  active(): TimedParser[] {
    return [...this.#active];
  }

  /** Parsers that are late with headers or with the whole request; each is told once. 0 means no limit. */
  expired(headersTimeoutMs: number, requestTimeoutMs: number): TimedParser[] {
    const now = performance.now();
    const late = this.active().filter(({ requestStartedAtMs, areHeadersComplete }) => {
      if (requestStartedAtMs === 0) return false;
      const age = now - requestStartedAtMs;
      return (!areHeadersComplete && headersTimeoutMs > 0 && age > headersTimeoutMs) || (requestTimeoutMs > 0 && age > requestTimeoutMs);
    });
    for (const parser of late) this.#active.delete(parser);
    return late;
  }
}
