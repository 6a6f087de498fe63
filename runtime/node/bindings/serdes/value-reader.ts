// Reads JavaScript values in V8's serialization format, versions 11 to 15. Runs in the process worker.
import { ByteReader } from './byte-reader.ts';
import { ERROR_PART, ERROR_TAGS, FORMAT_VERSION, REGEXP_FLAGS, TAG, VIEW_TAGS } from './tags.ts';

export interface ReaderDelegate {
  readHostObject(): object;
  sharedArrayBuffer(id: number): SharedArrayBuffer;
}

/** Bytes that no writer makes. */
export class BadFormat extends Error {
  constructor() {
    super('Unable to deserialize cloned data.');
  }
}

const HOLE = Symbol('hole');
const OLDEST_VERSION = 11;
/** From this version on a view carries flags. */
const VIEW_FLAGS_VERSION = 14;

const errorConstructors = new Map<number, ErrorConstructor>(
  Object.entries(ERROR_TAGS).map(([name, tag]) => [tag, (globalThis as unknown as Record<string, ErrorConstructor>)[name] ?? Error]),
);

export class ValueReader {
  readonly bytes: ByteReader;
  readonly transferred = new Map<number, ArrayBuffer | SharedArrayBuffer>();
  readonly #delegate: ReaderDelegate;
  readonly #objects: object[] = [];
  #nextId = 0;
  #version = 0;

  constructor(bytes: Uint8Array, delegate: ReaderDelegate) {
    this.bytes = new ByteReader(bytes);
    this.#delegate = delegate;
  }

  get version(): number {
    return this.#version;
  }

  /** False for a version that nobody here can read. */
  header(): boolean {
    if (this.bytes.peek() !== TAG.version) return false;
    this.bytes.byte();
    const version = this.bytes.varint();
    if (version === undefined || version > FORMAT_VERSION || version < OLDEST_VERSION) return false;
    this.#version = version;
    return true;
  }

  value(): unknown {
    const value = this.#inner();
    // A view follows the buffer that it shows.
    if ((value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) && this.bytes.peek() === TAG.arrayBufferView) {
      this.bytes.byte();
      return this.#view(value);
    }
    return value;
  }

  #inner(): unknown {
    const tag = this.#tag();
    switch (tag) {
      case TAG.undefined:
        return undefined;
      case TAG.null:
        return null;
      case TAG.true:
        return true;
      case TAG.false:
        return false;
      case TAG.hole:
        return HOLE;
      case TAG.int32: {
        const value = this.#varint();
        return (value >>> 1) ^ -(value & 1);
      }
      case TAG.uint32:
        return this.#varint();
      case TAG.double:
        return need(this.bytes.double());
      case TAG.bigint:
        return need(this.bytes.bigint());
      case TAG.verifyObjectCount:
        this.#varint();
        return this.value();
      case TAG.oneByteString:
        return need(this.bytes.text(this.#varint(), 'latin1'));
      case TAG.twoByteString:
        return need(this.bytes.text(this.#varint(), 'utf16'));
      case TAG.utf8String:
        return need(this.bytes.text(this.#varint(), 'utf8'));
      case TAG.reference:
        return need(this.#objects[this.#varint()]);
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): object {
    const id = this.#nextId++;
    const known = <T extends object>(object: T): T => {
      this.#objects[id] = object;
      return object;
    };
    switch (tag) {
      case TAG.object:
        return this.#plain(known({}));
      case TAG.sparseArray:
        return this.#sparse(known([]));
      case TAG.denseArray:
        return this.#dense(known([]));
      case TAG.date:
        return known(new Date(need(this.bytes.double())));
      case TAG.trueObject:
        return known(Object(true) as object);
      case TAG.falseObject:
        return known(Object(false) as object);
      case TAG.numberObject:
        return known(Object(need(this.bytes.double())) as object);
      case TAG.bigintObject:
        return known(Object(need(this.bytes.bigint())) as object);
      case TAG.stringObject:
        return known(Object(this.#string()) as object);
      case TAG.regexp:
        return known(this.#regexp());
      case TAG.map:
        return this.#map(known(new Map<unknown, unknown>()));
      case TAG.set:
        return this.#set(known(new Set<unknown>()));
      case TAG.arrayBuffer:
        return known(exact(need(this.bytes.raw(this.#varint()))));
      case TAG.resizableArrayBuffer:
        return known(this.#resizable());
      case TAG.transferredArrayBuffer:
        return known(need(this.transferred.get(this.#varint())));
      case TAG.sharedArrayBuffer:
        return known(this.#delegate.sharedArrayBuffer(this.#varint()));
      case TAG.error:
        return this.#error(known);
      case TAG.hostObject:
        return known(this.#delegate.readHostObject());
      default:
        throw new BadFormat();
    }
  }

  #tag(): number {
    for (;;) {
      const tag = need(this.bytes.byte());
      if (tag !== TAG.padding) return tag;
    }
  }

  #varint(): number {
    return need(this.bytes.varint());
  }

  #string(): string {
    const value = this.#inner();
    if (typeof value !== 'string') throw new BadFormat();
    return value;
  }

  /** Properties up to the end tag; their count, which the writer repeats, must agree. */
  #properties(target: object, end: number): void {
    let count = 0;
    for (; this.#peekTag() !== end; count++) {
      const key = this.value();
      if (typeof key !== 'string' && typeof key !== 'number') throw new BadFormat();
      Object.defineProperty(target, key, { value: this.value(), writable: true, enumerable: true, configurable: true });
    }
    this.bytes.byte();
    if (this.#varint() !== count) throw new BadFormat();
  }

  #peekTag(): number {
    while (this.bytes.peek() === TAG.padding) this.bytes.byte();
    return need(this.bytes.peek());
  }

  #plain(target: object): object {
    this.#properties(target, TAG.objectEnd);
    return target;
  }

  #sparse(target: unknown[]): unknown[] {
    target.length = this.#varint();
    this.#properties(target, TAG.sparseArrayEnd);
    if (this.#varint() !== target.length) throw new BadFormat();
    return target;
  }

  #dense(target: unknown[]): unknown[] {
    const length = this.#varint();
    for (let index = 0; index < length; index++) {
      const item = this.value();
      if (item === HOLE) target.length = index + 1;
      else target[index] = item;
    }
    this.#properties(target, TAG.denseArrayEnd);
    if (this.#varint() !== length) throw new BadFormat();
    return target;
  }

  #regexp(): RegExp {
    const source = this.#string();
    const bits = this.#varint();
    return new RegExp(source, REGEXP_FLAGS.filter((_flag, index) => bits & (1 << index)).join(''));
  }

  #map(target: Map<unknown, unknown>): Map<unknown, unknown> {
    let count = 0;
    for (; this.#peekTag() !== TAG.mapEnd; count += 2) {
      const key = this.value();
      target.set(key, this.value());
    }
    this.bytes.byte();
    if (this.#varint() !== count) throw new BadFormat();
    return target;
  }

  #set(target: Set<unknown>): Set<unknown> {
    let count = 0;
    for (; this.#peekTag() !== TAG.setEnd; count++) target.add(this.value());
    this.bytes.byte();
    if (this.#varint() !== count) throw new BadFormat();
    return target;
  }

  #resizable(): ArrayBuffer {
    const length = this.#varint();
    const maxByteLength = this.#varint();
    const bytes = need(this.bytes.raw(length));
    const buffer = new ArrayBuffer(length, { maxByteLength });
    new Uint8Array(buffer).set(bytes);
    return buffer;
  }

  #view(buffer: ArrayBufferLike): ArrayBufferView {
    const id = this.#nextId++;
    const constructor = VIEW_TAGS.get(need(this.bytes.byte()));
    const offset = this.#varint();
    const size = this.#varint();
    if (this.#version >= VIEW_FLAGS_VERSION) this.#varint();
    if (constructor === undefined || offset + size > buffer.byteLength) throw new BadFormat();
    const elementBytes = (constructor as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
    if (offset % elementBytes !== 0 || size % elementBytes !== 0) throw new BadFormat();
    const view = new constructor(buffer, offset, size / elementBytes);
    this.#objects[id] = view;
    return view;
  }

  #error(known: <T extends object>(object: T) => T): Error {
    let constructor: ErrorConstructor = Error;
    let tag = need(this.bytes.byte());
    const named = errorConstructors.get(tag);
    if (named !== undefined) {
      constructor = named;
      tag = need(this.bytes.byte());
    }
    const error = known(Object.assign(new constructor(), {}));
    const define = (key: string, value: unknown): void => {
      Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
    };
    define('stack', undefined);
    for (; tag !== ERROR_PART.end; tag = need(this.bytes.byte())) {
      if (tag === ERROR_PART.message) define('message', this.#string());
      else if (tag === ERROR_PART.stack) define('stack', this.#string());
      else if (tag === ERROR_PART.cause) define('cause', this.value());
      else throw new BadFormat();
    }
    return error;
  }
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new BadFormat();
  return value;
}

function exact(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
