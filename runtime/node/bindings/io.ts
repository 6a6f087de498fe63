// The bindings for files, sockets and processes by their internal names: boot installs this table. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { blockList } from './block-list.ts';
import { cares } from './cares.ts';
import { fs } from './fs.ts';
import { fsDir } from './fs-dir.ts';
import { fsEvent } from './fs-event.ts';
import { httpParser } from './http-parser.ts';
import { jsStream } from './js-stream.ts';
import { modules } from './modules.ts';
import { pipe } from './pipe.ts';
import { processWrap } from './process-wrap.ts';
import { signal } from './signal.ts';
import { spawnSync } from './spawn-sync.ts';
import { streamWrap } from './stream-wrap.ts';
import { tcp } from './tcp.ts';
import { tty } from './tty.ts';
import { udp } from './udp.ts';

export const ioBindings: Readonly<Record<string, BindingFactory>> = {
  fs,
  fs_dir: fsDir,
  fs_event_wrap: fsEvent,
  modules,
  stream_wrap: streamWrap,
  tcp_wrap: tcp,
  pipe_wrap: pipe,
  tty_wrap: tty,
  udp_wrap: udp,
  js_stream: jsStream,
  block_list: blockList,
  cares_wrap: cares,
  http_parser: httpParser,
  process_wrap: processWrap,
  spawn_sync: spawnSync,
  signal_wrap: signal,
};
