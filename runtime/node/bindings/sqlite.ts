// The `sqlite` binding: Node's names over SQLite as WebAssembly, on the shared files. Runs in the process worker.
import type { BindingFactory, Realm } from '../realm.ts';
import { DatabaseConnection, databaseClass, pathOf } from './sqlite/database.ts';
import { expectArgument, invalidState, invalidType, option, optionsOf, sqliteError, sqliteErrorOf } from './sqlite/errors.ts';
import { sqlite as loadSqlite, withMemory, withWords } from './sqlite/library.ts';
import { Session } from './sqlite/session.ts';
import { StatementSync } from './sqlite/statement.ts';

const OPEN_READWRITE_CREATE = 0x6;
const OPEN_URI = 0x40;
const SQLITE_DONE = 101;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const DEFAULT_RATE = 100;

export const sqlite: BindingFactory = (realm, binding) => {
  binding['DatabaseSync'] = databaseClass(realm);
  binding['StatementSync'] = StatementSync;
  binding['Session'] = Session;
  binding['backup'] = {
    backup: (source: unknown, path: unknown, ...options: unknown[]) => backup(realm, source, path, options[0]),
  }.backup;
};

/** Copies a database page by page, giving the loop a turn between the pieces. */
function backup(realm: Realm, source: unknown, path: unknown, given: unknown): Promise<number> {
  if (!(source instanceof DatabaseConnection)) throw invalidType('The "sourceDb" argument must be an object.');
  if (!source.isOpen) throw invalidState('database is not open');
  const target = pathOf(path);
  const options = optionsOf(given);
  const rate = option<number>(options, 'rate', 'integer') ?? DEFAULT_RATE;
  const from = option<string>(options, 'source', 'string') ?? 'main';
  const to = option<string>(options, 'target', 'string') ?? 'main';
  const { progress } = options as { progress?: (state: object) => unknown };
  if (progress !== undefined) expectArgument('options.progress', progress, 'function');
  return copyPages(realm, source, { target, rate, from, to, progress });
}

interface BackupOptions {
  readonly target: string;
  readonly rate: number;
  readonly from: string;
  readonly to: string;
  readonly progress: ((state: object) => unknown) | undefined;
}

async function copyPages(realm: Realm, source: DatabaseConnection, { target, rate, from, to, progress }: BackupOptions): Promise<number> {
  const loaded = loadSqlite(realm);
  const { api } = loaded;
  const db = withMemory(loaded, (put) =>
    withWords(loaded, (out) => {
      const result = api.sqlite3_open_v2(put(target), out, OPEN_READWRITE_CREATE | OPEN_URI, 0);
      const opened = loaded.memory.u32(out);
      if (result === 0) return opened;
      const error = sqliteError(loaded, opened);
      api.sqlite3_close_v2(opened);
      throw error;
    }),
  );
  try {
    const job = withMemory(loaded, (put) => api.sqlite3_backup_init(db, put(to), source.at, put(from)));
    if (job === 0) throw sqliteError(loaded, db);
    try {
      for (;;) {
        const result = api.sqlite3_backup_step(job, rate);
        const totalPages = api.sqlite3_backup_pagecount(job);
        if (result === SQLITE_DONE) return totalPages;
        if (result !== 0 && result !== SQLITE_BUSY && result !== SQLITE_LOCKED) throw sqliteErrorOf(loaded, result);
        progress?.({ totalPages, remainingPages: api.sqlite3_backup_remaining(job) });
        await nextTurn(realm);
        if (!source.isOpen) throw invalidState('database is not open');
      }
    } finally {
      api.sqlite3_backup_finish(job);
    }
  } finally {
    api.sqlite3_close_v2(db);
  }
}

function nextTurn(realm: Realm): Promise<void> {
  return new Promise((resolve) => {
    realm.loop.ref();
    realm.loop.enqueue(() => {
      realm.loop.unref();
      resolve();
    });
  });
}
