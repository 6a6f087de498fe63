// Browser primitives, taken before Node's globals replace them. Imported first by the process worker.
import type { Primitives } from './realm.ts';
import { trackProxies } from './proxies.ts';

/** Call before Node's library is loaded: it keeps its own copies of the intrinsics. */
export function capturePrimitives(scope: typeof globalThis): Primitives {
  trackProxies(scope);
  return {
    setTimeout: scope.setTimeout.bind(scope),
    clearTimeout: scope.clearTimeout.bind(scope),
    MessageChannel: scope.MessageChannel,
    MessagePort: scope.MessagePort,
    performance: scope.performance,
    crypto: scope.crypto,
    fetch: scope.fetch.bind(scope),
    XMLHttpRequest: scope.XMLHttpRequest,
    TextEncoder: scope.TextEncoder,
    TextDecoder: scope.TextDecoder,
    URL: scope.URL,
    structuredClone: scope.structuredClone.bind(scope),
    Blob: scope.Blob,
    BroadcastChannel: scope.BroadcastChannel,
    postMessage: scope.postMessage.bind(scope),
    DecompressionStream: scope.DecompressionStream,
    CompressionStream: scope.CompressionStream,
  };
}
