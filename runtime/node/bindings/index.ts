// Every internal binding we answer, by Node's own name. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { blob } from './blob.ts';
import { buffer } from './buffer.ts';
import { config, mksnapshot, permission, profiler, report, sea, traceEvents } from './constant-answers.ts';
import { crypto } from './crypto.ts';
import { encodingBinding } from './encoding.ts';
import { icu } from './icu.ts';
import { ioBindings } from './io.ts';
import { locks } from './locks.ts';
import { messaging } from './messaging.ts';
import { performanceBinding } from './performance.ts';
import { serdes } from './serdes.ts';
import { sqlite } from './sqlite.ts';
import { stringDecoder } from './string-decoder.ts';
import { credentials, os } from './system.ts';
import { types } from './types.ts';
import { heapUtils, http2, inspector, quic, tls, wasmWebApi } from './unavailable.ts';
import { url } from './url.ts';
import { urlPattern } from './url-pattern.ts';
import { util } from './util.ts';
import { v8 } from './v8.ts';
import { wasi } from './wasi/wasi.ts';
import { zlib } from './zlib.ts';

/** The bindings that need nothing but the realm; boot.ts adds those that share its own state. */
export const bindingFactories: Readonly<Record<string, BindingFactory>> = {
  ...ioBindings,
  blob,
  buffer,
  config,
  credentials,
  crypto,
  encoding_binding: encodingBinding,
  heap_utils: heapUtils,
  http2,
  icu,
  inspector,
  locks,
  messaging,
  mksnapshot,
  os,
  performance: performanceBinding,
  permission,
  profiler,
  quic,
  report,
  sea,
  serdes,
  sqlite,
  string_decoder: stringDecoder,
  tls_wrap: tls,
  trace_events: traceEvents,
  types,
  url,
  url_pattern: urlPattern,
  util,
  v8,
  wasi,
  wasm_web_api: wasmWebApi,
  zlib,
};
