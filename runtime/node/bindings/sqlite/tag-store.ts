// `SQLTagStore`: prepared statements by the text of template literals, the latest used kept. Runs in the process worker.
import { invalidState } from './errors.ts';
import { StatementSync } from './statement.ts';

const DEFAULT_CAPACITY = 1000;

interface Preparer {
  readonly isOpen: boolean;
  prepare(sql: string): StatementSync;
}

export class TagStore {
  readonly #database: Preparer;
  readonly #statements = new Map<string, StatementSync>();
  readonly capacity: number;

  constructor(database: Preparer, capacity = DEFAULT_CAPACITY) {
    this.#database = database;
    this.capacity = capacity;
  }

  get db(): Preparer {
    return this.#database;
  }

  size(): number {
    return this.#statements.size;
  }

  clear(): void {
    this.#statements.clear();
  }

  run(strings: readonly string[], ...values: unknown[]): unknown {
    return this.#statement(strings).run(...values);
  }

  get(strings: readonly string[], ...values: unknown[]): unknown {
    return this.#statement(strings).get(...values);
  }

  all(strings: readonly string[], ...values: unknown[]): unknown {
    return this.#statement(strings).all(...values);
  }

  iterate(strings: readonly string[], ...values: unknown[]): unknown {
    return this.#statement(strings).iterate(...values);
  }

  #statement(strings: readonly string[]): StatementSync {
    if (!this.#database.isOpen) throw invalidState('database is not open');
    const sql = strings.join('?');
    const known = this.#statements.get(sql);
    this.#statements.delete(sql);
    const statement = known === undefined || StatementSync.isFinalized(known) ? this.#database.prepare(sql) : known;
    this.#statements.set(sql, statement);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > this.capacity && oldest !== undefined) this.#statements.delete(oldest);
    return statement;
  }
}
