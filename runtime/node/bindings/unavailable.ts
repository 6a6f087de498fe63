// Bindings that a browser tab cannot serve: each call says which one it was, and the product may offer the server.
// Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { refusal } from './buffer/node-error.ts';

/** Replaces these members by functions (and constructors) that throw an error with their name. */
function refusing(binding: string, members: readonly string[]): BindingFactory {
  return (realm, target) => {
    for (const member of members) target[member] = refusal(realm, `${binding}.${member}`);
  };
}

export const http2: BindingFactory = (realm, binding) => {
  refusing('http2', ['Http2Session', 'Http2Stream', 'packSettings', 'refreshDefaultSettings'])(realm, binding);
  // Called when the module loads, which `fetch` does: nothing is refused before a session is wanted.
  binding['setCallbackFunctions'] = () => {};
};
export const tls = refusing('tls', ['wrap']);
export const quic = refusing('quic', ['Endpoint']);
export const heapUtils = refusing('heap_utils', ['buildEmbedderGraph', 'triggerHeapSnapshot', 'createHeapSnapshotStream']);

export const inspector: BindingFactory = (realm, binding) => {
  refusing('inspector', ['open', 'Connection', 'MainThreadConnection', 'callAndPauseOnStart', 'waitForDebugger'])(realm, binding);
  const ignore = (): void => {};
  for (const name of ['setConsoleExtensionInstaller', 'asyncTaskScheduled', 'asyncTaskCanceled', 'asyncTaskStarted', 'asyncTaskFinished']) {
    binding[name] = ignore;
  }
  for (const name of ['registerAsyncHook', 'emitProtocolEvent', 'setupNetworkTracking', 'putNetworkResource']) binding[name] = ignore;
  binding['isEnabled'] = () => false;
  binding['url'] = () => undefined;
  binding['consoleCall'] = (_inspectorMethod: unknown, nodeMethod: (...args: unknown[]) => unknown, ...args: unknown[]) =>
    nodeMethod(...args);
};

export const wasmWebApi: BindingFactory = (_realm, binding) => {
  // Streaming compilation takes the platform's own Response; the hook is for Node's.
  binding['setImplementation'] = () => {};
};
