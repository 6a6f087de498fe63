// Writes JavaScript values in V8's serialization format. What needs the embedder goes to a delegate. Process worker.
import { isProxy } from '../../proxies.ts';
import { typeChecks } from '../types.ts';
import { ByteWriter } from './byte-writer.ts';
import { ERROR_PART, ERROR_TAGS, FORMAT_VERSION, REGEXP_FLAGS, TAG, VIEW_TAGS } from './tags.ts';

export interface WriterDelegate {
  /** Objects that only the embedder knows how to write. */
  isHostObject(value: object): boolean;
  writeHostObject(value: object): void;
  sharedArrayBufferId(value: SharedArrayBuffer): number;
  /** The error to throw for what cannot be written. */
  cloneError(message: string): unknown;
}

export class ValueWriter {
  readonly bytes = new ByteWriter();
  readonly transferred = new Map<ArrayBuffer, number>();
  areViewsHostObjects = false;
  readonly #delegate: WriterDelegate;
  readonly #ids = new Map<object, number>();

  constructor(delegate: WriterDelegate) {
    this.#delegate = delegate;
  }

  header(): void {
    this.bytes.byte(TAG.version);
    this.bytes.byte(FORMAT_VERSION);
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return this.bytes.byte(TAG.undefined);
      case 'boolean':
        return this.bytes.byte(value ? TAG.true : TAG.false);
      case 'number':
        return this.#number(value);
      case 'bigint':
        this.bytes.byte(TAG.bigint);
        return this.bytes.bigint(value);
      case 'string':
        return this.bytes.string(value);
      case 'object':
        return value === null ? this.bytes.byte(TAG.null) : this.#reference(value);
      default:
        return this.#refuse(value);
    }
  }

  #number(value: number): void {
    if (isSmall(value)) {
      this.bytes.byte(TAG.int32);
      this.bytes.varint(((value << 1) ^ (value >> 31)) >>> 0);
      return;
    }
    this.bytes.byte(TAG.double);
    this.bytes.double(value);
  }

  #reference(value: object): void {
    // A view needs its buffer before it, unless the embedder writes views.
    if (ArrayBuffer.isView(value) && !this.#ids.has(value) && !this.areViewsHostObjects) this.value(value.buffer);
    const known = this.#ids.get(value);
    if (known !== undefined) {
      this.bytes.byte(TAG.reference);
      this.bytes.varint(known);
      return;
    }
    this.#ids.set(value, this.#ids.size);
    this.#object(value);
  }

  #object(value: object): void {
    if (isProxy(value)) return this.#refuse(value);
    if (ArrayBuffer.isView(value)) return this.areViewsHostObjects ? this.#host(value) : this.#view(value);
    if (this.#delegate.isHostObject(value)) return this.#host(value);
    if (Array.isArray(value)) return this.#array(value);
    const write = isPlain(value) ? undefined : this.#writers.find(([check]) => typeChecks[check]?.(value))?.[1];
    if (write !== undefined) return write(value as never);
    return this.#plain(value);
  }

  /** Objects with internal slots, by the check that knows them. */
  readonly #writers: readonly (readonly [check: string, write: (value: never) => void])[] = [
    ['isDate', (value: Date) => this.#tagged(TAG.date, () => this.bytes.double(value.valueOf()))],
    ['isMap', (value: Map<unknown, unknown>) => this.#collection(TAG.map, TAG.mapEnd, [...value].flat(1))],
    ['isSet', (value: Set<unknown>) => this.#collection(TAG.set, TAG.setEnd, [...value])],
    ['isRegExp', (value: RegExp) => this.#regexp(value)],
    ['isNativeError', (value: Error) => this.#error(value)],
    ['isArrayBuffer', (value: ArrayBuffer) => this.#arrayBuffer(value)],
    [
      'isSharedArrayBuffer',
      (value: SharedArrayBuffer) => {
        const id = this.#delegate.sharedArrayBufferId(value);
        this.#tagged(TAG.sharedArrayBuffer, () => this.bytes.varint(id));
      },
    ],
    ['isBooleanObject', (value: object) => this.bytes.byte(value.valueOf() === true ? TAG.trueObject : TAG.falseObject)],
    ['isNumberObject', (value: object) => this.#tagged(TAG.numberObject, () => this.bytes.double(value.valueOf() as unknown as number))],
    ['isBigIntObject', (value: object) => this.#tagged(TAG.bigintObject, () => this.bytes.bigint(value.valueOf() as unknown as bigint))],
    ['isStringObject', (value: object) => this.#tagged(TAG.stringObject, () => this.bytes.string(value.valueOf() as unknown as string))],
    ...REFUSED.map((check) => [check, (value: object) => this.#refuse(value)] as const),
  ];

  #tagged(tag: number, write: () => void): void {
    this.bytes.byte(tag);
    write();
  }

  #plain(value: object): void {
    this.bytes.byte(TAG.object);
    const count = this.#properties(value, Object.keys(value));
    this.bytes.byte(TAG.objectEnd);
    this.bytes.varint(count);
  }

  /** Keys and values; how many there were. A getter may have removed a later one. */
  #properties(value: object, keys: readonly string[]): number {
    let count = 0;
    for (const key of keys) {
      if (!Object.hasOwn(value, key)) continue;
      const index = Number(key);
      if (String(index >>> 0) === key && index < 0xffff_ffff) this.#number(index);
      else this.bytes.string(key);
      this.value((value as Record<string, unknown>)[key]);
      count++;
    }
    return count;
  }

  #array(value: unknown[]): void {
    const { length } = value;
    const keys = Object.keys(value);
    const isDense = keys.length >= length && (length === 0 || keys[length - 1] === String(length - 1));
    this.bytes.byte(isDense ? TAG.denseArray : TAG.sparseArray);
    this.bytes.varint(length);
    // The engine keeps an array of numbers as doubles when one of them is no small integer, and writes it so.
    const holdsDoubles =
      value.some((item) => typeof item === 'number' && !isSmall(item)) && value.every((item) => typeof item === 'number');
    if (isDense) for (let index = 0; index < length; index++) this.#element(value, index, holdsDoubles);
    const count = this.#properties(value, isDense ? keys.slice(length) : keys);
    this.bytes.byte(isDense ? TAG.denseArrayEnd : TAG.sparseArrayEnd);
    this.bytes.varint(count);
    this.bytes.varint(length);
  }

  #element(value: unknown[], index: number, asDouble: boolean): void {
    const item = value[index];
    if (asDouble && typeof item === 'number') this.#tagged(TAG.double, () => this.bytes.double(item));
    else if (index in value) this.value(value[index]);
    else this.bytes.byte(TAG.hole);
  }

  #collection(tag: number, end: number, items: readonly unknown[]): void {
    this.bytes.byte(tag);
    for (const item of items) this.value(item);
    this.bytes.byte(end);
    this.bytes.varint(items.length);
  }

  #regexp(value: RegExp): void {
    this.bytes.byte(TAG.regexp);
    this.bytes.string(value.source);
    let bits = 0;
    for (const flag of value.flags) bits |= 1 << REGEXP_FLAGS.indexOf(flag as 'g');
    this.bytes.varint(bits);
  }

  #error(value: Error): void {
    this.bytes.byte(TAG.error);
    const name = String(value.name);
    const tag = ERROR_TAGS[name];
    if (tag !== undefined) this.bytes.byte(tag);
    if (Object.hasOwn(value, 'message')) {
      this.bytes.byte(ERROR_PART.message);
      this.bytes.string(String(value.message));
    }
    if (typeof value.stack === 'string') {
      this.bytes.byte(ERROR_PART.stack);
      this.bytes.string(value.stack);
    }
    if (Object.hasOwn(value, 'cause')) {
      this.bytes.byte(ERROR_PART.cause);
      this.value(value.cause);
    }
    this.bytes.byte(ERROR_PART.end);
  }

  #arrayBuffer(value: ArrayBuffer): void {
    const transferId = this.transferred.get(value);
    if (transferId !== undefined) return this.#tagged(TAG.transferredArrayBuffer, () => this.bytes.varint(transferId));
    if (value.detached) this.#throw('An ArrayBuffer is detached and could not be cloned.');
    this.bytes.byte(value.resizable ? TAG.resizableArrayBuffer : TAG.arrayBuffer);
    this.bytes.varint(value.byteLength);
    if (value.resizable) this.bytes.varint(value.maxByteLength);
    this.bytes.raw(new Uint8Array(value));
  }

  #view(value: ArrayBufferView): void {
    const tag = [...VIEW_TAGS].find(([, constructor]) => value instanceof constructor)?.[0];
    if (tag === undefined) return this.#refuse(value);
    this.bytes.byte(TAG.arrayBufferView);
    this.bytes.byte(tag);
    this.bytes.varint(value.byteOffset);
    this.bytes.varint(value.byteLength);
    this.bytes.varint(0);
  }

  #host(value: object): void {
    this.bytes.byte(TAG.hostObject);
    this.#delegate.writeHostObject(value);
  }

  #refuse(value: unknown): never {
    return this.#throw(`${nameOf(value)} could not be cloned.`);
  }

  #throw(message: string): never {
    throw this.#delegate.cloneError(message);
  }
}

/** What has state that bytes cannot carry. */
const REFUSED = ['isPromise', 'isWeakMap', 'isWeakSet', 'isMapIterator', 'isSetIterator', 'isGeneratorObject', 'isSymbolObject'];

function isSmall(value: number): boolean {
  return value === (value | 0) && !Object.is(value, -0);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value as V8 prints it in messages. */
export function nameOf(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return value.toString();
  if (isProxy(value)) return '#<Object>';
  const constructor: unknown = (value as { constructor?: { name?: unknown } }).constructor;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return `#<${name === '' ? 'Object' : name}>`;
}
