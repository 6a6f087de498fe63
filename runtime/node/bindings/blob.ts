// The `blob` binding: immutable bytes in parts, object URLs, reading in pulls. Runs in the process worker.
import type { BindingFactory, Realm } from '../realm.ts';
import { bytesOf } from './buffer/bytes.ts';
import { markShareable } from './messaging/native-handles.ts';

const END_OF_STREAM = 0;
const CONTINUE = 1;
const NOT_READABLE = -1;
/** Bytes handed out per pull. */
const PULL_BYTES = 65536;

type Source = Uint8Array | BlobHandle;

/** Whether what a Blob was made of is still the same: the file behind it may have changed. */
type Check = () => boolean;

/** What Node's Blob holds; the bytes never change after creation. */
class BlobHandle {
  readonly bytes: Uint8Array;
  readonly checks: readonly Check[];
  readonly #realm: Realm;

  constructor(realm: Realm, bytes: Uint8Array, checks: readonly Check[] = []) {
    this.#realm = realm;
    this.bytes = bytes;
    this.checks = checks;
    markShareable(this);
  }

  getReader(): BlobReader {
    return new BlobReader(this.#realm, this.bytes, this.checks);
  }

  slice(start: number, end: number): BlobHandle {
    return new BlobHandle(this.#realm, this.bytes.subarray(start, end), this.checks);
  }
}

type Pulled = (status: number, buffer?: ArrayBuffer, last?: undefined) => void;

class BlobReader {
  readonly #realm: Realm;
  readonly #bytes: Uint8Array;
  readonly #checks: readonly Check[];
  #offset = 0;

  constructor(realm: Realm, bytes: Uint8Array, checks: readonly Check[]) {
    this.#realm = realm;
    this.#bytes = bytes;
    this.#checks = checks;
  }

  pull(callback: Pulled): void {
    const { loop } = this.#realm;
    const part = this.#bytes.slice(this.#offset, this.#offset + PULL_BYTES);
    this.#offset += part.length;
    loop.ref();
    loop.enqueue(() => {
      loop.unref();
      if (!this.#checks.every((isIntact) => isIntact())) this.#realm.makeCallback(this, callback, NOT_READABLE);
      else if (part.length === 0) this.#realm.makeCallback(this, callback, END_OF_STREAM);
      else this.#realm.makeCallback(this, callback, CONTINUE, part.buffer);
    });
  }
}

export const blob: BindingFactory = (realm, binding) => {
  const stored = new Map<string, readonly [BlobHandle, number, string]>();
  binding['createBlob'] = (sources: readonly Source[]): BlobHandle => {
    const checks = sources.flatMap((source) => (source instanceof BlobHandle ? source.checks : []));
    return new BlobHandle(realm, join(sources), checks);
  };
  binding['concat'] = (parts: readonly (ArrayBufferView | ArrayBuffer)[]): ArrayBuffer => join(parts.map(bytesOf)).buffer;
  binding['storeDataObject'] = (id: string, handle: BlobHandle, size: number, type: string): void => {
    stored.set(id, [handle, size, type]);
  };
  binding['getDataObject'] = (id: string) => stored.get(id);
  binding['revokeObjectURL'] = (input: string): void => {
    const id = /^blob:nodedata:([^?#]*)$/.exec(input)?.[1];
    if (id !== undefined) stored.delete(id);
  };
  // Read whole, now: a file that changes later is found by its size and time, and the Blob is not readable any more.
  binding['createBlobFromFilePath'] = (path: string) => {
    const fs = realm.requireBuiltin('fs');
    const signature = (): string => {
      const { size, mtimeNs } = (fs['statSync'](path, { bigint: true, throwIfNoEntry: false }) ?? {}) as Record<string, bigint>;
      return `${size}:${mtimeNs}`;
    };
    const bytes = bytesOf(fs['readFileSync'](path) as Uint8Array);
    const before = signature();
    return [new BlobHandle(realm, bytes, [() => signature() === before]), bytes.length] as const;
  };
};

function join(sources: readonly Source[]): Uint8Array<ArrayBuffer> {
  const parts = sources.map((source) => (source instanceof BlobHandle ? source.bytes : bytesOf(source)));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
