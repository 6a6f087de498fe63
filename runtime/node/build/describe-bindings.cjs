// Runs inside the pinned Node with --expose-internals: prints the shape and the constants of every internal binding as JSON.
// Each value is `{ t: kind, ... }`; runtime/node/skeleton.ts reads this form.
const { internalBinding } = require('internal/test/binding');
const { isMap } = require('node:util/types');

const BINDINGS = `async_context_frame async_wrap blob block_list buffer builtins cares_wrap config constants contextify credentials
  crypto encoding_binding errors fs fs_dir fs_event_wrap heap_utils http2 http_parser icu inspector js_stream js_udp_wrap locks
  messaging mksnapshot module_wrap modules options os performance permission pipe_wrap process_methods process_wrap profiler
  quic report sea serdes signal_wrap spawn_sync sqlite stream_pipe stream_wrap string_decoder symbols task_queue tcp_wrap timers
  tls_wrap trace_events tty_wrap types udp_wrap url url_pattern util uv v8 wasi wasm_web_api watchdog worker zlib`.split(/\s+/);
const MAX_DEPTH = 6;

function describe(value, depth) {
  if (value === null) return { t: 'null' };
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? { t: 'n', v: value } : { t: 'nn', v: String(value) };
    case 'string':
    case 'boolean':
      return { t: 'v', v: value };
    case 'bigint':
      return { t: 'bi', v: String(value) };
    case 'symbol':
      return { t: 'sym', v: value.description };
    case 'undefined':
      return { t: 'u' };
    case 'function':
      return describeFunction(value);
  }
  return describeObject(value, depth);
}

function describeFunction(value) {
  const members = value.prototype ? Object.getOwnPropertyNames(value.prototype).filter((name) => name !== 'constructor') : [];
  const ancestors = [];
  for (let up = value.prototype && Object.getPrototypeOf(value.prototype); up && up !== Object.prototype; up = Object.getPrototypeOf(up)) {
    ancestors.push(up.constructor?.name ?? '');
    members.push(...Object.getOwnPropertyNames(up).filter((name) => name !== 'constructor' && !members.includes(name)));
  }
  const isClass = members.length > 0 || ancestors.length > 0;
  return isClass ? { t: 'c', members, ancestors } : { t: 'f' };
}

function describeObject(value, depth) {
  if (ArrayBuffer.isView(value)) {
    const items = value.length <= 64 ? Array.from(value, Number) : undefined;
    return { t: 'ta', c: value.constructor.name, n: value.length, v: items };
  }
  if (value instanceof ArrayBuffer) return { t: 'ab', n: value.byteLength };
  if (Array.isArray(value)) return { t: 'a', v: value.map((item) => describe(item, depth + 1)) };
  if (isMap(value))
    return {
      t: 'm',
      v: [...Map.prototype.entries.call(value)].map(([key, item]) => [describe(key, depth + 1), describe(item, depth + 1)]),
    };
  const members = {};
  if (depth < MAX_DEPTH) {
    for (const key of Object.getOwnPropertyNames(value)) {
      try {
        members[key] = describe(value[key], depth + 1);
      } catch {
        // An accessor that refuses outside its own call: it exists, nothing more is known.
        members[key] = { t: 'u' };
      }
    }
  }
  return { t: 'o', v: members };
}

/** Maps to entry lists and bigints to numbers, so that JSON carries them. */
function plain(value) {
  if (typeof value === 'bigint') return Number(value);
  // Not `instanceof`: Node's own maps have another prototype.
  if (isMap(value)) return [...Map.prototype.entries.call(value)].map(([key, item]) => [key, plain(item)]);
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

const bindings = {};
for (const name of BINDINGS) {
  try {
    bindings[name] = describe(internalBinding(name), 0);
  } catch {
    bindings[name] = { t: 'missing' };
  }
}
delete bindings.builtins;
// Node hides this one from `internal/test/binding`; its library takes one function from it (internal/heap_utils).
bindings.internal_only_v8 = { t: 'o', v: { queryObjects: { t: 'f' } } };
const options = internalBinding('options');
/** As they are without the flags that this script was started with. */
const optionValues = { ...plain(options.getCLIOptionsValues()), '--expose-internals': false, '--warnings': true, '--no-warnings': false };
process.stdout.write(
  JSON.stringify({
    version: process.version,
    versions: process.versions,
    release: process.release,
    config: process.config,
    bindings,
    optionValues,
    optionInfo: plain(options.getCLIOptionsInfo()),
    errmap: [...internalBinding('uv').getErrorMap()],
    globals: Object.getOwnPropertyNames(globalThis),
  }),
);
