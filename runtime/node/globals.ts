// Makes the worker's global object Node's: browser-only names go, so that packages which sniff their environment see Node.

/** Names Node's bootstrap defines itself; the browser's must be gone before. */
const REPLACED_BY_NODE = new Set(
  `AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent
  CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event EventSource EventTarget
  File FormData Headers MessageChannel MessageEvent MessagePort Navigator Performance PerformanceEntry PerformanceMark
  PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming ReadableByteStreamController
  ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader
  Request Response Storage SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
  TransformStreamDefaultController URL URLPattern URLSearchParams WebSocket WritableStream WritableStreamDefaultController
  WritableStreamDefaultWriter atob btoa clearImmediate clearInterval clearTimeout crypto fetch global navigator performance
  process queueMicrotask setImmediate setInterval setTimeout structuredClone`.split(/\s+/),
);

/** Own and inherited names that are not Node's are removed; what cannot be removed becomes a hidden `undefined`. */
export function hideBrowserGlobals(scope: typeof globalThis, nodeNames: readonly string[]): void {
  const kept = new Set([
    ...nodeNames.filter((name) => !REPLACED_BY_NODE.has(name)),
    'constructor',
    'console',
    'WebAssembly',
    'SharedArrayBuffer',
    'Atomics',
  ]);
  for (
    let object: object | null = scope;
    object !== null && object !== Object.prototype;
    object = Object.getPrototypeOf(object) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(object)) if (!kept.has(name)) hide(scope, object, name);
  }
}

function hide(scope: object, owner: object, name: string): void {
  if (Object.getOwnPropertyDescriptor(owner, name)?.configurable === true && Reflect.deleteProperty(owner, name)) return;
  // Constants like TEMPORARY stay on their prototype: shadow them.
  if (owner !== scope) Object.defineProperty(scope, name, { value: undefined, writable: true, enumerable: false, configurable: true });
}
