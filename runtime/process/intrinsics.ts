// Browser globals as they were when the worker started: Node's own take their names later. Import from here what a process
// worker uses after its start.
export const {
  TextDecoder,
  TextEncoder,
  URL,
  performance,
  crypto,
  atob,
  btoa,
  navigator,
  fetch,
  Blob,
  DecompressionStream,
  XMLHttpRequest,
  MessageChannel,
  queueMicrotask,
} = globalThis;
