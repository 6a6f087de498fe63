// `Session`: records changes of a connection as a changeset. Runs in the process worker.
import { nodeError } from '../buffer/node-error.ts';
import { invalidState, sqliteError } from './errors.ts';
import { withWords } from './library.ts';
import { OWN, type StatementOwner } from './statement.ts';

type Extract = (session: number, size: number, out: number) => number;

export class Session {
  readonly #owner: StatementOwner;
  #at: number;

  constructor(proof?: symbol, owner?: StatementOwner, at?: number) {
    if (proof !== OWN || owner === undefined || at === undefined)
      throw nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#owner = owner;
    this.#at = at;
  }

  /** Called when its connection closes. */
  static release(session: Session): void {
    if (session.#at !== 0) session.#owner.loaded.api.sqlite3session_delete(session.#at);
    session.#at = 0;
  }

  changeset(): Uint8Array {
    return this.#extract((session, size, out) => this.#owner.loaded.api.sqlite3session_changeset(session, size, out));
  }

  patchset(): Uint8Array {
    return this.#extract((session, size, out) => this.#owner.loaded.api.sqlite3session_patchset(session, size, out));
  }

  close(): void {
    this.#check();
    Session.release(this);
  }

  [Symbol.dispose](): void {
    Session.release(this);
  }

  #check(): void {
    if (this.#owner.at === 0) throw invalidState('database is not open');
    if (this.#at === 0) throw invalidState('session is not open');
  }

  #extract(extract: Extract): Uint8Array {
    this.#check();
    const { loaded } = this.#owner;
    return withWords(loaded, (size, out) => {
      if (extract(this.#at, size, out) !== 0) throw sqliteError(loaded, this.#owner.at);
      const at = loaded.memory.u32(out);
      const bytes = loaded.memory.copy(at, loaded.memory.u32(size));
      loaded.api.sqlite3_free(at);
      return bytes;
    });
  }
}
