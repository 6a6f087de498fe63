// Messages as bytes, for the way to another thread: V8's serialization format, with shared memory, compiled WebAssembly and
// ports beside it. Runs in the process worker.
import { ValueReader } from '../serdes/value-reader.ts';
import { ValueWriter } from '../serdes/value-writer.ts';
import { NodeObject, PortReference } from './sealed-objects.ts';

const HOST_PORT = 0;
const HOST_NODE_OBJECT = 1;
const HOST_SHARED = 2;

export interface Encoded {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What bytes cannot carry, in the order of their numbers. */
  readonly shared: readonly object[];
}

/** `cloneError` makes the error for a value that another thread cannot have. */
export function encode(value: unknown, cloneError: (message: string) => unknown): Encoded {
  const shared: object[] = [];
  const share = (object: object): number => {
    const known = shared.indexOf(object);
    return known === -1 ? shared.push(object) - 1 : known;
  };
  const writer = new ValueWriter({
    isHostObject: (object) => object instanceof PortReference || object instanceof NodeObject || isSharedWasm(object),
    writeHostObject(object) {
      if (object instanceof PortReference) {
        writer.bytes.varint(HOST_PORT);
        writer.bytes.varint(object.index);
      } else if (object instanceof NodeObject) {
        writer.bytes.varint(HOST_NODE_OBJECT);
        writer.value(object.deserializeInfo);
        writer.value(object.data);
      } else {
        writer.bytes.varint(HOST_SHARED);
        writer.bytes.varint(share(object));
      }
    },
    sharedArrayBufferId: share,
    cloneError,
  });
  writer.header();
  writer.value(value);
  return { bytes: writer.bytes.take(), shared };
}

export function decode({ bytes, shared }: Encoded): unknown {
  const reader: ValueReader = new ValueReader(bytes, {
    readHostObject() {
      const kind = reader.bytes.varint();
      if (kind === HOST_PORT) return new PortReference(reader.bytes.varint() ?? -1);
      if (kind === HOST_SHARED) return sharedAt(shared, reader.bytes.varint());
      return new NodeObject(String(reader.value()), reader.value());
    },
    sharedArrayBuffer: (id) => sharedAt(shared, id) as SharedArrayBuffer,
  });
  reader.header();
  return reader.value();
}

function sharedAt(shared: readonly object[], index: number | undefined): object {
  const object = shared[index ?? -1];
  if (object === undefined) throw new TypeError('a message names an object that did not come with it');
  return object;
}

function isSharedWasm(object: object): boolean {
  return object instanceof WebAssembly.Module || object instanceof WebAssembly.Memory;
}
