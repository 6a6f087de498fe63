// Errors of `node:sqlite`, and the checks of its arguments. Runs in the process worker.
import { nodeError } from '../buffer/node-error.ts';
import type { LoadedSqlite } from './library.ts';

/** What SQLite says went wrong last; an exception of the program's own function goes first. */
export function sqliteError({ api, memory, functions }: LoadedSqlite, db: number): Error {
  functions.rethrow();
  const errcode = api.sqlite3_extended_errcode(db);
  return withCode(memory.text(api.sqlite3_errmsg(db)), errcode, memory.text(api.sqlite3_errstr(errcode)));
}

export function sqliteErrorOf({ api, memory, functions }: LoadedSqlite, errcode: number): Error {
  functions.rethrow();
  const text = memory.text(api.sqlite3_errstr(errcode));
  return withCode(text, errcode, text);
}

function withCode(message: string, errcode: number, errstr: string): Error {
  return Object.assign(nodeError(Error, 'ERR_SQLITE_ERROR', message), { errcode, errstr });
}

export function invalidState(message: string): Error {
  return nodeError(Error, 'ERR_INVALID_STATE', message);
}

export function invalidType(message: string): Error {
  return nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}

type Kind = 'boolean' | 'string' | 'function' | 'integer' | 'object';

const ARTICLES: Readonly<Record<Kind, string>> = {
  boolean: 'a boolean',
  string: 'a string',
  function: 'a function',
  integer: 'an integer',
  object: 'an object',
};

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'integer') return Number.isInteger(value);
  if (kind === 'object') return typeof value === 'object' && value !== null;
  return typeof value === kind;
}

/** @throws ERR_INVALID_ARG_TYPE as Node words it */
export function expectArgument(name: string, value: unknown, kind: Kind): void {
  if (!isKind(value, kind)) throw invalidType(`The "${name}" argument must be ${ARTICLES[kind]}.`);
}

/** An option's value; absent is `undefined`. @throws ERR_INVALID_ARG_TYPE */
export function option<T>(options: Readonly<Record<string, unknown>>, name: string, kind: Kind): T | undefined {
  const value = options[name];
  if (value !== undefined) expectArgument(`options.${name}`, value, kind);
  return value as T | undefined;
}

export function optionsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  expectArgument('options', value, 'object');
  return value as Record<string, unknown>;
}
