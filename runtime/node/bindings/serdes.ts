// The `serdes` binding: V8's serialization format, byte for byte. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { BadFormat, ValueReader } from './serdes/value-reader.ts';
import { nameOf, ValueWriter } from './serdes/value-writer.ts';
import { AsyncWrap } from './stream-base/handle-wrap.ts';

export const serdes: BindingFactory = (realm, binding) => {
  binding['Serializer'] = needsNew(serializerClass(realm));
  binding['Deserializer'] = needsNew(deserializerClass());
};

/** Node's native classes answer a call without `new` with a code. */
function needsNew<T extends abstract new (...args: never[]) => object>(constructor: T): T {
  return new Proxy(constructor, {
    apply() {
      const message = `Class constructor ${constructor.name} cannot be invoked without 'new'`;
      throw nodeError(TypeError, 'ERR_CONSTRUCT_CALL_REQUIRED', message);
    },
  });
}

function serializerClass(realm: Realm): new () => object {
  return class Serializer {
    readonly #writer: ValueWriter;

    constructor() {
      const delegate = this as BindingObject;
      const cloneError = (message: string): unknown => delegate['_getDataCloneError'](message);
      this.#writer = new ValueWriter({
        isHostObject: (value) => value instanceof AsyncWrap,
        writeHostObject: (value) => {
          if (typeof delegate['_writeHostObject'] !== 'function') throw cloneError(`${nameOf(value)} could not be cloned.`);
          delegate['_writeHostObject'](value);
        },
        sharedArrayBufferId: (value) => {
          if (typeof delegate['_getSharedArrayBufferId'] !== 'function') throw cloneError('#<SharedArrayBuffer> could not be cloned.');
          return Number(delegate['_getSharedArrayBufferId'](value)) >>> 0;
        },
        cloneError,
      });
    }

    writeHeader(): void {
      this.#writer.header();
    }

    writeValue(value: unknown): boolean {
      this.#writer.value(value);
      return true;
    }

    releaseBuffer(): unknown {
      const bytes = this.#writer.bytes.take();
      return realm.requireBuiltin('buffer')['Buffer'].from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }

    transferArrayBuffer(id: number, buffer: ArrayBuffer): void {
      this.#writer.transferred.set(buffer, id >>> 0);
    }

    writeUint32(value: number): void {
      this.#writer.bytes.varint(value >>> 0);
    }

    writeUint64(high: number, low: number): void {
      this.#writer.bytes.varint64((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
    }

    writeDouble(value: number): void {
      this.#writer.bytes.double(Number(value));
    }

    writeRawBytes(source: unknown): void {
      this.#writer.bytes.raw(viewBytes(source, 'source'));
    }

    _setTreatArrayBufferViewsAsHostObjects(isOn: boolean): void {
      this.#writer.areViewsHostObjects = isOn;
    }
  };
}

function deserializerClass(): new (buffer: unknown) => object {
  return class Deserializer {
    readonly #reader: ValueReader;
    readonly buffer: unknown;

    constructor(buffer: unknown) {
      const delegate = this as BindingObject;
      const bytes = viewBytes(buffer, 'buffer');
      this.buffer = buffer;
      this.#reader = new ValueReader(bytes, {
        readHostObject: () => {
          if (typeof delegate['_readHostObject'] !== 'function') throw new BadFormat();
          const object: unknown = delegate['_readHostObject']();
          if (typeof object !== 'object' || object === null) throw new TypeError('readHostObject must return an object');
          return object;
        },
        sharedArrayBuffer: (id) => {
          const known = this.#reader.transferred.get(id);
          if (known instanceof SharedArrayBuffer) return known;
          throw new BadFormat();
        },
      });
    }

    readHeader(): boolean {
      if (!this.#reader.header()) throw new Error('Unable to deserialize cloned data due to invalid or unsupported version.');
      return true;
    }

    readValue(): unknown {
      return this.#reader.value();
    }

    getWireFormatVersion(): number {
      return this.#reader.version;
    }

    transferArrayBuffer(id: number, buffer: ArrayBuffer | SharedArrayBuffer): void {
      this.#reader.transferred.set(id >>> 0, buffer);
    }

    readUint32(): number {
      return expect(this.#reader.bytes.varint(), 'ReadUint32');
    }

    readUint64(): [high: number, low: number] {
      const value = expect(this.#reader.bytes.varint64(), 'ReadUint64');
      return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
    }

    readDouble(): number {
      return expect(this.#reader.bytes.double(), 'ReadDouble');
    }

    /** Where the bytes begin; Node's library makes the view. */
    _readRawBytes(length: number): number {
      const start = this.#reader.bytes.position;
      expect(this.#reader.bytes.raw(length), 'ReadRawBytes');
      return start;
    }
  };
}

function expect<T>(value: T | undefined, operation: string): T {
  if (value === undefined) throw new Error(`${operation}() failed`);
  return value;
}

function viewBytes(value: unknown, name: string): Uint8Array {
  if (!ArrayBuffer.isView(value)) throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `${name} must be a TypedArray or a DataView`);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
