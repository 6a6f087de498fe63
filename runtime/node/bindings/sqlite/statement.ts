// `StatementSync`: a prepared statement, its parameters and its rows. Runs in the process worker.
import { nodeError } from '../buffer/node-error.ts';
import { expectArgument, invalidState, sqliteError } from './errors.ts';
import { type LoadedSqlite, withMemory } from './library.ts';
import { bindValue, columnValue } from './values.ts';

const SQLITE_OK = 0;
const SQLITE_ROW = 100;
const SQLITE_DONE = 101;

/** What a statement needs of its connection. */
export interface StatementOwner {
  readonly loaded: LoadedSqlite;
  /** SQLite's connection; 0 when closed. */
  readonly at: number;
  readonly statements: Set<StatementSync>;
}

export interface StatementOptions {
  readonly readsBigInts: boolean;
  readonly returnsArrays: boolean;
  readonly allowsBareNames: boolean;
  readonly allowsUnknownNames: boolean;
}

/** Proof that the caller is the binding: programs cannot construct statements. */
export const OWN = Symbol('own');

const released = new FinalizationRegistry<{ readonly owner: StatementOwner; readonly at: number }>(({ owner, at }) => {
  if (owner.at !== 0) owner.loaded.api.sqlite3_finalize(at);
});

type Row = unknown[] | Record<string, unknown>;

export class StatementSync {
  readonly #owner: StatementOwner;
  #at: number;
  #readsBigInts: boolean;
  #returnsArrays: boolean;
  #allowsBareNames: boolean;
  #allowsUnknownNames: boolean;
  #bareNames: Map<string, string> | null = null;
  /** A new run makes older iterators end. */
  #generation = 0;

  constructor(proof?: symbol, owner?: StatementOwner, at?: number, options?: StatementOptions) {
    if (proof !== OWN || owner === undefined || at === undefined || options === undefined)
      throw nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#owner = owner;
    this.#at = at;
    this.#readsBigInts = options.readsBigInts;
    this.#returnsArrays = options.returnsArrays;
    this.#allowsBareNames = options.allowsBareNames;
    this.#allowsUnknownNames = options.allowsUnknownNames;
    released.register(this, { owner, at }, this);
  }

  /** Called when its connection closes. */
  static finalize(statement: StatementSync): void {
    if (statement.#at === 0) return;
    released.unregister(statement);
    statement.#owner.loaded.api.sqlite3_finalize(statement.#at);
    statement.#at = 0;
  }

  static isFinalized(statement: StatementSync): boolean {
    return statement.#at === 0;
  }

  get sourceSQL(): string {
    return this.#loaded.memory.text(this.#loaded.api.sqlite3_sql(this.#open()));
  }

  get expandedSQL(): string {
    const { api, memory } = this.#loaded;
    const at = api.sqlite3_expanded_sql(this.#open());
    if (at === 0) throw nodeError(Error, 'ERR_SQLITE_ERROR', 'Expanded SQL text would exceed configured limits');
    const text = memory.text(at);
    api.sqlite3_free(at);
    return text;
  }

  run(...parameters: unknown[]): { lastInsertRowid: number | bigint; changes: number | bigint } {
    this.#start(parameters);
    try {
      this.#step();
      // Rows that RETURNING gives count as changes when the statement is over.
      this.#reset();
      const { api } = this.#loaded;
      const number = (value: bigint): number | bigint => (this.#readsBigInts ? value : Number(value));
      return {
        lastInsertRowid: number(api.sqlite3_last_insert_rowid(this.#owner.at)),
        changes: number(api.sqlite3_changes64(this.#owner.at)),
      };
    } finally {
      this.#reset();
    }
  }

  get(...parameters: unknown[]): Row | undefined {
    this.#start(parameters);
    try {
      return this.#step() && this.#columnCount() > 0 ? this.#row() : undefined;
    } finally {
      this.#reset();
    }
  }

  all(...parameters: unknown[]): Row[] {
    this.#start(parameters);
    try {
      const rows: Row[] = [];
      while (this.#step()) rows.push(this.#row());
      return rows;
    } finally {
      this.#reset();
    }
  }

  iterate(...parameters: unknown[]): object {
    this.#start(parameters);
    const generation = ++this.#generation;
    let isOver = false;
    const end = (): object => {
      isOver = true;
      if (this.#at !== 0 && generation === this.#generation) this.#reset();
      return Object.assign(Object.create(null) as object, { done: true, value: null });
    };
    const methods = {
      next: (): object => {
        this.#open();
        if (isOver) return end();
        if (generation !== this.#generation) throw invalidState('iterator was invalidated');
        if (!this.#step()) return end();
        return Object.assign(Object.create(null) as object, { done: false, value: this.#row() });
      },
      return: end,
      toArray: (): unknown[] => {
        const rows: unknown[] = [];
        for (;;) {
          const { done, value } = methods.next() as { done: boolean; value: unknown };
          if (done) return rows;
          rows.push(value);
        }
      },
    };
    return Object.assign(Object.create(Iterator.prototype as object) as object, methods);
  }

  columns(): object[] {
    const { api, memory } = this.#loaded;
    const at = this.#open();
    const text = (pointer: number): string | null => (pointer === 0 ? null : memory.text(pointer));
    return Array.from({ length: this.#columnCount() }, (_unused, index) =>
      Object.assign(Object.create(null) as object, {
        column: text(api.sqlite3_column_origin_name(at, index)),
        database: text(api.sqlite3_column_database_name(at, index)),
        name: text(api.sqlite3_column_name(at, index)),
        table: text(api.sqlite3_column_table_name(at, index)),
        type: text(api.sqlite3_column_decltype(at, index)),
      }),
    );
  }

  setAllowBareNamedParameters(isOn: unknown): void {
    this.#open();
    expectArgument('allowBareNamedParameters', isOn, 'boolean');
    this.#allowsBareNames = isOn as boolean;
  }

  setAllowUnknownNamedParameters(isOn: unknown): void {
    this.#open();
    expectArgument('enabled', isOn, 'boolean');
    this.#allowsUnknownNames = isOn as boolean;
  }

  setReadBigInts(isOn: unknown): void {
    this.#open();
    expectArgument('readBigInts', isOn, 'boolean');
    this.#readsBigInts = isOn as boolean;
  }

  setReturnArrays(isOn: unknown): void {
    this.#open();
    expectArgument('returnArrays', isOn, 'boolean');
    this.#returnsArrays = isOn as boolean;
  }

  get #loaded(): LoadedSqlite {
    return this.#owner.loaded;
  }

  #open(): number {
    if (this.#at === 0) throw invalidState('statement has been finalized');
    return this.#at;
  }

  #start(parameters: readonly unknown[]): void {
    const at = this.#open();
    const { api } = this.#loaded;
    this.#generation++;
    if (api.sqlite3_reset(at) !== SQLITE_OK) throw sqliteError(this.#loaded, this.#owner.at);
    api.sqlite3_clear_bindings(at);
    this.#bind(parameters);
  }

  /** True when there is a row. */
  #step(): boolean {
    const result = this.#loaded.api.sqlite3_step(this.#at);
    if (result !== SQLITE_ROW && result !== SQLITE_DONE) throw sqliteError(this.#loaded, this.#owner.at);
    this.#loaded.functions.rethrow();
    return result === SQLITE_ROW;
  }

  #reset(): void {
    this.#loaded.api.sqlite3_reset(this.#at);
  }

  #columnCount(): number {
    return this.#loaded.api.sqlite3_column_count(this.#at);
  }

  #row(): Row {
    const { api, memory } = this.#loaded;
    const count = this.#columnCount();
    const values = Array.from({ length: count }, (_unused, index) => columnValue(this.#loaded, this.#at, index, this.#readsBigInts));
    if (this.#returnsArrays) return values;
    const row = Object.create(null) as Record<string, unknown>;
    for (const [index, value] of values.entries()) row[memory.text(api.sqlite3_column_name(this.#at, index))] = value;
    return row;
  }

  #bind(parameters: readonly unknown[]): void {
    const { api, memory } = this.#loaded;
    const [first] = parameters;
    const hasNames = typeof first === 'object' && first !== null && !ArrayBuffer.isView(first);
    if (hasNames) this.#bindNames(first as Record<string, unknown>);
    let index = 1;
    for (const value of hasNames ? parameters.slice(1) : parameters) {
      for (;;) {
        const name = memory.text(api.sqlite3_bind_parameter_name(this.#at, index));
        if (name === '' || name.startsWith('?')) break;
        index++;
      }
      this.#bindOne(index++, value);
    }
  }

  #bindOne(index: number, value: unknown): void {
    if (bindValue(this.#loaded, this.#at, index, value) !== SQLITE_OK) throw sqliteError(this.#loaded, this.#owner.at);
  }

  #bindNames(named: Readonly<Record<string, unknown>>): void {
    for (const key of Object.keys(named)) {
      const index = this.#indexOf(key) || this.#indexOf(this.#bare(key));
      if (index !== 0) this.#bindOne(index, named[key]);
      else if (!this.#allowsUnknownNames) throw invalidState(`Unknown named parameter '${key}'`);
    }
  }

  #indexOf(name: string | undefined): number {
    if (name === undefined) return 0;
    return withMemory(this.#loaded, (put) => this.#loaded.api.sqlite3_bind_parameter_index(this.#at, put(name)));
  }

  /** The full name for one without its prefix. */
  #bare(key: string): string | undefined {
    if (!this.#allowsBareNames) return undefined;
    this.#bareNames ??= this.#collectBareNames();
    return this.#bareNames.get(key);
  }

  #collectBareNames(): Map<string, string> {
    const { api, memory } = this.#loaded;
    const names = new Map<string, string>();
    const count = api.sqlite3_bind_parameter_count(this.#at);
    for (let index = 1; index <= count; index++) {
      const full = memory.text(api.sqlite3_bind_parameter_name(this.#at, index));
      if (full === '') continue;
      const bare = full.slice(1);
      const known = names.get(bare);
      if (known !== undefined && known !== full)
        throw invalidState(`Cannot create bare named parameter '${bare}' because of conflicting names '${known}' and '${full}'.`);
      names.set(bare, full);
    }
    return names;
  }
}
