// Runs in the tab with --expose-internals: prints the native functions that refuse, as JSON. They carry a mark with their name.
const { internalBinding } = require('internal/test/binding');

const mark = Symbol.for('verklet.unsupported');
const found = new Set();
const bindings = `async_wrap blob block_list buffer cares_wrap config contextify credentials crypto encoding_binding errors fs fs_dir
  fs_event_wrap heap_utils http2 http_parser icu inspector js_stream js_udp_wrap locks messaging mksnapshot module_wrap modules
  options os performance permission pipe_wrap process_methods process_wrap profiler quic report sea serdes signal_wrap spawn_sync
  sqlite stream_pipe stream_wrap string_decoder symbols task_queue tcp_wrap timers tls_wrap trace_events tty_wrap types udp_wrap
  url url_pattern util uv v8 wasi wasm_web_api watchdog worker zlib`;

for (const name of bindings.split(/\s+/)) {
  const binding = internalBinding(name);
  for (const member of Object.values(binding)) {
    if (typeof member !== 'function') continue;
    if (typeof member[mark] === 'string') found.add(member[mark]);
    const { prototype } = member;
    for (let object = prototype; object && object !== Object.prototype; object = Object.getPrototypeOf(object)) {
      for (const { value } of Object.values(Object.getOwnPropertyDescriptors(object)))
        if (typeof value === 'function' && typeof value[mark] === 'string') found.add(value[mark]);
    }
  }
}
process.stdout.write(JSON.stringify([...found].sort()));
