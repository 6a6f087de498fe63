// Values between JavaScript and SQLite: columns, parameters, arguments and results of functions. Runs in the process worker.
import { nodeError } from '../buffer/node-error.ts';
import { utf8 } from '../wasm-module.ts';
import type { LoadedSqlite } from './library.ts';

const TYPE = { integer: 1, float: 2, text: 3, blob: 4 } as const;
const INT64_BITS = 64;
const decoder = new TextDecoder();

/** Where a value lies: a column of a row, or an argument. */
interface Source {
  readonly type: number;
  integer(): bigint;
  float(): number;
  text(): number;
  blob(): number;
  bytes(): number;
}

export function columnValue({ api, memory }: LoadedSqlite, statement: number, index: number, asBigInt: boolean): unknown {
  return read(
    {
      type: api.sqlite3_column_type(statement, index),
      integer: () => api.sqlite3_column_int64(statement, index),
      float: () => api.sqlite3_column_double(statement, index),
      text: () => api.sqlite3_column_text(statement, index),
      blob: () => api.sqlite3_column_blob(statement, index),
      bytes: () => api.sqlite3_column_bytes(statement, index),
    },
    memory,
    asBigInt,
  );
}

export function argumentValue({ api, memory }: LoadedSqlite, value: number, asBigInt: boolean): unknown {
  return read(
    {
      type: api.sqlite3_value_type(value),
      integer: () => api.sqlite3_value_int64(value),
      float: () => api.sqlite3_value_double(value),
      text: () => api.sqlite3_value_text(value),
      blob: () => api.sqlite3_value_blob(value),
      bytes: () => api.sqlite3_value_bytes(value),
    },
    memory,
    asBigInt,
  );
}

function read(source: Source, memory: LoadedSqlite['memory'], asBigInt: boolean): unknown {
  switch (source.type) {
    case TYPE.integer: {
      const value = source.integer();
      if (asBigInt) return value;
      if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
        throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', `Value is too large to be represented as a JavaScript number: ${value}`);
      return Number(value);
    }
    case TYPE.float:
      return source.float();
    case TYPE.text: {
      const at = source.text();
      return decoder.decode(memory.copy(at, source.bytes()));
    }
    case TYPE.blob: {
      const at = source.blob();
      return memory.copy(at, source.bytes());
    }
    default:
      return null;
  }
}

/** SQLite's result code. @throws what Node throws for a value that SQLite has no type for */
export function bindValue({ api, memory }: LoadedSqlite, statement: number, index: number, value: unknown): number {
  if (value === null) return api.sqlite3_bind_null(statement, index);
  if (typeof value === 'number') return api.sqlite3_bind_double(statement, index, value);
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(INT64_BITS, value) !== value)
      throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'BigInt value is too large to bind.');
    return api.sqlite3_bind_int64(statement, index, value);
  }
  const isText = typeof value === 'string';
  if (!isText && !ArrayBuffer.isView(value))
    throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `Provided value cannot be bound to SQLite parameter ${index}.`);
  const bytes = isText ? utf8(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const at = api.malloc(Math.max(1, bytes.length));
  memory.bytes.set(bytes, at);
  const result = isText ? api.vk_bind_text(statement, index, at, bytes.length) : api.vk_bind_blob(statement, index, at, bytes.length);
  api.free(at);
  return result;
}

/** Gives a function's result to SQLite; what cannot be one becomes SQLite's error. */
export function giveResult({ api, memory }: LoadedSqlite, context: number, value: unknown): void {
  const put = (bytes: Uint8Array, give: (context: number, at: number, size: number) => void): void => {
    const at = api.malloc(Math.max(1, bytes.length));
    memory.bytes.set(bytes, at);
    give(context, at, bytes.length);
    api.free(at);
  };
  const refuse = (message: string): void => put(utf8(message), (to, at, size) => api.sqlite3_result_error(to, at, size));
  if (value === null || value === undefined) api.sqlite3_result_null(context);
  else if (typeof value === 'number') api.sqlite3_result_double(context, value);
  else if (typeof value === 'string') put(utf8(value), (to, at, size) => api.vk_result_text(to, at, size));
  else if (ArrayBuffer.isView(value))
    put(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), (to, at, size) => api.vk_result_blob(to, at, size));
  else if (typeof value === 'bigint') {
    if (BigInt.asIntN(INT64_BITS, value) === value) api.sqlite3_result_int64(context, value);
    else refuse('BigInt value is too large for SQLite');
  } else if (value instanceof Promise) refuse('Asynchronous user-defined functions are not supported');
  else refuse('Returned JavaScript value cannot be converted to a SQLite value');
}
