// The protocol's one entry: messages, codes and limits. Runs everywhere and imports nothing of the rest.
export * from './errors.ts';
export * from './diagnostics.ts';
export * from './display.ts';
export * from './promotion.ts';
export * from './sdk.ts';
export * from './process.ts';
export * from './preview-frames.ts';
export * from './link/index.ts';
export * from './session-streams.ts';
export * from './remote-port.ts';
export * from './session-worker.ts';
export { fromHex, toHex } from './hex.ts';
export * from './trees.ts';
export * from './record-pack.ts';
export * from './python-pack.ts';
export * from './store.ts';
export * from './workspace-names.ts';
