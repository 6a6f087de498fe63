// `DatabaseSync`: a connection to a database file or to memory. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { nodeError, unsupported } from '../buffer/node-error.ts';
import { expectArgument, invalidState, invalidType, option, optionsOf, sqliteError, sqliteErrorOf } from './errors.ts';
import { type LoadedSqlite, sqlite, withMemory, withWords } from './library.ts';
import { Session } from './session.ts';
import { OWN, type StatementOptions, type StatementOwner, StatementSync } from './statement.ts';
import { TagStore } from './tag-store.ts';

const OPEN_READONLY = 0x1;
const OPEN_READWRITE_CREATE = 0x6;
const OPEN_URI = 0x40;
const CONFIG = { foreignKeys: 1002, defensive: 1010, dqsDml: 1013, dqsDdl: 1014 } as const;
const SQLITE_UTF8 = 1;
const SQLITE_DETERMINISTIC = 0x800;
const SQLITE_DIRECTONLY = 0x80000;
const SQLITE_ABORT = 4;
const SQLITE_MISUSE = 21;

type Callback = (...args: unknown[]) => unknown;

/** The constructor that Node's library shows. */
export function databaseClass(realm: Realm): unknown {
  const Database = class DatabaseSync extends DatabaseConnection {
    constructor(path: unknown, options: unknown) {
      super(realm, path, options);
    }
  };
  return new Proxy(Database, {
    apply() {
      throw nodeError(TypeError, 'ERR_CONSTRUCT_CALL_REQUIRED', 'Cannot call constructor without `new`');
    },
  });
}

export class DatabaseConnection implements StatementOwner {
  readonly #realm: Realm;
  readonly #path: string;
  readonly #isReadOnly: boolean;
  readonly #foreignKeys: boolean;
  readonly #doubleQuotedStrings: boolean;
  readonly #timeoutMs: number;
  readonly #allowsExtensions: boolean;
  readonly #statementOptions: StatementOptions;
  readonly #statements = new Set<StatementSync>();
  readonly #sessions = new Set<Session>();
  readonly #functionIds: number[] = [];
  #isDefensive: boolean;
  #authorizerId = 0;
  #at = 0;

  constructor(realm: Realm, path: unknown, options: unknown) {
    this.#realm = realm;
    this.#path = pathOf(path);
    const given = optionsOf(options);
    const flag = (name: string, otherwise: boolean): boolean => option<boolean>(given, name, 'boolean') ?? otherwise;
    const opens = flag('open', true);
    this.#isReadOnly = flag('readOnly', false);
    this.#foreignKeys = flag('enableForeignKeyConstraints', true);
    this.#doubleQuotedStrings = flag('enableDoubleQuotedStringLiterals', false);
    this.#allowsExtensions = flag('allowExtension', false);
    this.#timeoutMs = option<number>(given, 'timeout', 'integer') ?? 0;
    this.#statementOptions = {
      readsBigInts: flag('readBigInts', false),
      returnsArrays: flag('returnArrays', false),
      allowsBareNames: flag('allowBareNamedParameters', true),
      allowsUnknownNames: flag('allowUnknownNamedParameters', false),
    };
    this.#isDefensive = flag('defensive', false);
    if (opens) this.open();
  }

  /** By which other libraries tell Node's connections from their own. */
  get [Symbol.for('sqlite-type')](): string {
    return 'node:sqlite';
  }

  get loaded(): LoadedSqlite {
    return sqlite(this.#realm);
  }

  get at(): number {
    return this.#at;
  }

  get statements(): Set<StatementSync> {
    return this.#statements;
  }

  get isOpen(): boolean {
    return this.#at !== 0;
  }

  get isTransaction(): boolean {
    return this.loaded.api.sqlite3_get_autocommit(this.#check()) === 0;
  }

  open(): void {
    if (this.#at !== 0) throw invalidState('database is already open');
    const { loaded } = this;
    const { api } = loaded;
    const flags = (this.#isReadOnly ? OPEN_READONLY : OPEN_READWRITE_CREATE) | OPEN_URI;
    this.#at = withMemory(loaded, (put) =>
      withWords(loaded, (out) => {
        const result = api.sqlite3_open_v2(put(this.#path), out, flags, 0);
        const db = loaded.memory.u32(out);
        if (result === 0) return db;
        const error = sqliteError(loaded, db);
        api.sqlite3_close_v2(db);
        throw error;
      }),
    );
    api.sqlite3_extended_result_codes(this.#at, 1);
    api.vk_config(this.#at, CONFIG.dqsDml, this.#doubleQuotedStrings ? 1 : 0);
    api.vk_config(this.#at, CONFIG.dqsDdl, this.#doubleQuotedStrings ? 1 : 0);
    api.vk_config(this.#at, CONFIG.foreignKeys, this.#foreignKeys ? 1 : 0);
    api.vk_config(this.#at, CONFIG.defensive, this.#isDefensive ? 1 : 0);
    api.sqlite3_busy_timeout(this.#at, this.#timeoutMs);
  }

  close(): void {
    const at = this.#check();
    const { api, functions } = this.loaded;
    for (const statement of this.#statements) StatementSync.finalize(statement);
    for (const session of this.#sessions) Session.release(session);
    this.#statements.clear();
    this.#sessions.clear();
    this.#at = 0;
    api.sqlite3_close_v2(at);
    for (const id of [...this.#functionIds.splice(0), this.#authorizerId]) functions.remove(id);
  }

  [Symbol.dispose](): void {
    if (this.#at !== 0) this.close();
  }

  prepare(sql: unknown): StatementSync {
    const at = this.#check();
    expectArgument('sql', sql, 'string');
    const { loaded } = this;
    const statement = withMemory(loaded, (put) =>
      withWords(loaded, (out) => {
        if (loaded.api.sqlite3_prepare_v2(at, put(sql as string), -1, out, 0) !== 0) throw sqliteError(loaded, at);
        loaded.functions.rethrow();
        return loaded.memory.u32(out);
      }),
    );
    const made = new StatementSync(OWN, this, statement, this.#statementOptions);
    this.#statements.add(made);
    return made;
  }

  exec(sql: unknown): void {
    const at = this.#check();
    expectArgument('sql', sql, 'string');
    const { loaded } = this;
    if (withMemory(loaded, (put) => loaded.api.sqlite3_exec(at, put(sql as string), 0, 0, 0)) !== 0) throw sqliteError(loaded, at);
    loaded.functions.rethrow();
  }

  location(name?: unknown): string | null {
    const at = this.#check();
    if (name !== undefined) expectArgument('dbName', name, 'string');
    const { loaded } = this;
    const path = withMemory(loaded, (put) => loaded.memory.text(loaded.api.sqlite3_db_filename(at, put((name as string) ?? 'main'))));
    return path === '' ? null : path;
  }

  function(name: unknown, ...rest: unknown[]): void {
    const at = this.#check();
    expectArgument('name', name, 'string');
    const [given, fn] = rest.length < 2 ? [undefined, rest[0]] : rest;
    const options = optionsOf(given);
    const usesBigInts = option<boolean>(options, 'useBigIntArguments', 'boolean') ?? false;
    const isVariadic = option<boolean>(options, 'varargs', 'boolean') ?? false;
    const isDeterministic = option<boolean>(options, 'deterministic', 'boolean') ?? false;
    const isDirectOnly = option<boolean>(options, 'directOnly', 'boolean') ?? false;
    expectArgument('function', fn, 'function');
    const call = fn as Callback;
    const id = this.loaded.functions.addScalar({ call, usesBigInts });
    this.#functionIds.push(id);
    const flags = SQLITE_UTF8 | (isDeterministic ? SQLITE_DETERMINISTIC : 0) | (isDirectOnly ? SQLITE_DIRECTONLY : 0);
    this.#define((put) => this.loaded.api.vk_create_function(at, put(name as string), isVariadic ? -1 : call.length, flags, id));
  }

  aggregate(name: unknown, given: unknown): void {
    const at = this.#check();
    expectArgument('name', name, 'string');
    expectArgument('options', given, 'object');
    const options = given as Record<string, unknown>;
    const { start, step, result, inverse } = options;
    if (start === undefined || (typeof start === 'object' && start !== null))
      throw invalidType('The "options.start" argument must be a function or a primitive value.');
    expectArgument('options.step', step, 'function');
    if (result !== undefined) expectArgument('options.result', result, 'function');
    const usesBigInts = option<boolean>(options, 'useBigIntArguments', 'boolean') ?? false;
    const isVariadic = option<boolean>(options, 'varargs', 'boolean') ?? false;
    const isDirectOnly = option<boolean>(options, 'directOnly', 'boolean') ?? false;
    if (inverse !== undefined) expectArgument('options.inverse', inverse, 'function');
    const functions = { step: step as Callback, result: result as Callback | undefined, inverse: inverse as Callback | undefined };
    const id = this.loaded.functions.addAggregate({ start, usesBigInts, ...functions });
    this.#functionIds.push(id);
    // The first argument of `step` is what was accumulated.
    const count = isVariadic ? -1 : Math.max(0, Math.max(functions.step.length, functions.inverse?.length ?? 0) - 1);
    const flags = SQLITE_UTF8 | (isDirectOnly ? SQLITE_DIRECTONLY : 0);
    this.#define((put) =>
      this.loaded.api.vk_create_aggregate(at, put(name as string), count, flags, id, functions.inverse === undefined ? 0 : 1),
    );
  }

  setAuthorizer(callback: unknown): void {
    const at = this.#check();
    const { api, functions } = this.loaded;
    if (callback !== null) expectArgument('callback', callback, 'function');
    functions.remove(this.#authorizerId);
    this.#authorizerId = callback === null ? 0 : functions.addCallback(callback as Callback);
    api.vk_set_authorizer(at, this.#authorizerId);
  }

  enableDefensive(isOn: unknown): void {
    const at = this.#check();
    expectArgument('active', isOn, 'boolean');
    this.#isDefensive = isOn as boolean;
    this.loaded.api.vk_config(at, CONFIG.defensive, this.#isDefensive ? 1 : 0);
  }

  createSession(given?: unknown): Session {
    const at = this.#check();
    const options = optionsOf(given);
    const table = option<string>(options, 'table', 'string');
    const name = option<string>(options, 'db', 'string') ?? 'main';
    const { loaded } = this;
    return withMemory(loaded, (put) =>
      withWords(loaded, (out) => {
        if (loaded.api.sqlite3session_create(at, put(name), out) !== 0) throw sqliteError(loaded, at);
        const session = loaded.memory.u32(out);
        if (loaded.api.sqlite3session_attach(session, table === undefined ? 0 : put(table)) !== 0) throw sqliteError(loaded, at);
        const made = new Session(OWN, this, session);
        this.#sessions.add(made);
        return made;
      }),
    );
  }

  applyChangeset(changeset: unknown, given?: unknown): boolean {
    const at = this.#check();
    if (!(changeset instanceof Uint8Array)) throw invalidType('The "changeset" argument must be a Uint8Array.');
    const options = optionsOf(given);
    const conflict = option<Callback>(options, 'onConflict', 'function');
    const filter = option<Callback>(options, 'filter', 'function');
    const { loaded } = this;
    const id = loaded.functions.addHandlers(filter, conflict);
    try {
      const result = withMemory(loaded, (put) =>
        loaded.api.vk_apply_changeset(at, changeset.length, put(changeset), id, filter === undefined ? 0 : 1),
      );
      loaded.functions.rethrow();
      if (result === 0) return true;
      if (result === SQLITE_ABORT) return false;
      throw result === SQLITE_MISUSE ? sqliteErrorOf(loaded, result) : sqliteError(loaded, at);
    } finally {
      loaded.functions.remove(id);
    }
  }

  createTagStore(capacity?: unknown): TagStore {
    this.#check();
    return new TagStore(this, typeof capacity === 'number' ? capacity : undefined);
  }

  enableLoadExtension(isAllowed: unknown): void {
    this.#check();
    expectArgument('allow', isAllowed, 'boolean');
    if (isAllowed === true && !this.#allowsExtensions)
      throw invalidState('Cannot enable extension loading because it was disabled at database creation.');
  }

  loadExtension(): never {
    this.#check();
    throw unsupported(this.#realm, 'sqlite.loadExtension');
  }

  #check(): number {
    if (this.#at === 0) throw invalidState('database is not open');
    return this.#at;
  }

  #define(define: (put: (value: string) => number) => number): void {
    const at = this.#at;
    if (withMemory(this.loaded, define) !== 0) throw sqliteError(this.loaded, at);
  }
}

export function pathOf(path: unknown): string {
  const refusal = invalidType('The "path" argument must be a string, Uint8Array, or URL without null bytes.');
  let text: string;
  if (typeof path === 'string') text = path;
  else if (path instanceof Uint8Array) text = new TextDecoder().decode(path);
  else if (typeof path === 'object' && path !== null && 'href' in path) {
    const { href } = path as { href: unknown };
    if (typeof href !== 'string') throw refusal;
    if (!href.startsWith('file:')) throw nodeError(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file:');
    text = href;
  } else throw refusal;
  if (text.includes('\0') || text.includes('%00')) throw refusal;
  return text;
}
