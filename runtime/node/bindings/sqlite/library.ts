// SQLite as WebAssembly: loaded with the first database of a process. Runs in the process worker.
import sqliteUrl from './native/sqlite.wasm?url';
import { fillRandom } from '../crypto/openssl/library.ts';
import type { Realm } from '../../realm.ts';
import { loadWasmModule, utf8, WasmMemory } from '../wasm-module.ts';
import type { Sqlite } from './exports.ts';
import { SqliteFiles } from './files.ts';
import { Functions } from './functions.ts';

export interface LoadedSqlite {
  readonly api: Sqlite;
  readonly memory: WasmMemory;
  readonly functions: Functions;
}

let loaded: LoadedSqlite | null = null;

export function sqlite(realm: Realm): LoadedSqlite {
  return (loaded ??= load(realm));
}

/** Runs with text and bytes in SQLite's memory, which are freed afterwards. */
export function withMemory<T>({ api, memory }: LoadedSqlite, run: (put: (value: string | Uint8Array) => number) => T): T {
  const taken: number[] = [];
  try {
    return run((value) => {
      const bytes = typeof value === 'string' ? utf8(`${value}\0`) : value;
      const at = api.malloc(Math.max(1, bytes.length));
      taken.push(at);
      memory.bytes.set(bytes, at);
      return at;
    });
  } finally {
    for (const at of taken) api.free(at);
  }
}

/** Runs with a zeroed word for a pointer that SQLite writes; the second word is for a size. */
export function withWords<T>({ api, memory }: LoadedSqlite, run: (first: number, second: number) => T): T {
  const at = api.malloc(16);
  memory.bytes.fill(0, at, at + 16);
  try {
    return run(at, at + 8);
  } finally {
    api.free(at);
  }
}

function load(realm: Realm): LoadedSqlite {
  const current = (): LoadedSqlite => {
    if (loaded === null) throw new Error('SQLite runs before it is loaded');
    return loaded;
  };
  const files = new SqliteFiles(realm, () => current().memory);
  const functions = new Functions(realm, current);
  const { exports } = new WebAssembly.Instance(loadWasmModule(sqliteUrl), {
    verklet: {
      ...files.imports(),
      ...functions.imports(),
      random: (at: number, size: number) => void fillRandom(current().memory.bytes.subarray(at, at + size)),
      sleep: (microseconds: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, microseconds / 1000),
      now: () => Date.now(),
    },
  });
  const api = exports as unknown as Sqlite;
  loaded = { api, memory: new WasmMemory(api.memory), functions };
  api._initialize();
  api.sqlite3_initialize();
  return loaded;
}
