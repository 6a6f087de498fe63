// `gc()` of --expose-gc: a browser collects when it wants; giving it much to collect makes it want to. Process worker.

const GARBAGE_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** Shaped as V8's: with `execution: 'async'` it returns a promise. */
export function exposeGarbageCollector(scope: typeof globalThis): void {
  const { gc: native } = scope as { gc?: unknown };
  const gc = typeof native === 'function' ? native : collect;
  Object.defineProperty(scope, 'gc', { value: gc, writable: true, enumerable: false, configurable: true });
}

function collect(options?: { execution?: string }): Promise<void> | undefined {
  for (let made = 0; made < GARBAGE_BYTES; made += PIECE_BYTES) new Uint8Array(PIECE_BYTES).fill(1);
  return options?.execution === 'async' ? Promise.resolve() : undefined;
}
