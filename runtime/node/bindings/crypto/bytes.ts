// Arguments and results of the crypto binding: strings in an encoding, any view, key handles; buffers and text out.
import type { BindingObject, Realm } from '../../realm.ts';

/** A secret key's bytes, by its handle. */
export const keyBytes = new WeakMap<object, Uint8Array>();

export function bytesOf(realm: Realm, data: unknown, encoding?: string): Uint8Array {
  if (typeof data === 'string')
    return buffers(realm)['from'](data, encoding === undefined || encoding === 'buffer' ? 'utf8' : encoding) as Uint8Array;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  const key = typeof data === 'object' && data !== null ? keyBytes.get(data) : undefined;
  if (key !== undefined) return key;
  throw new TypeError('The data is neither text, bytes nor a secret key');
}

/** A Buffer, or text in the wanted encoding. */
export function resultOf(realm: Realm, bytes: Uint8Array, encoding?: string): unknown {
  const buffer = toBuffer(realm, bytes);
  return encoding === undefined || encoding === '' || encoding === 'buffer' ? buffer : (buffer['toString'](encoding) as string);
}

export function toBuffer(realm: Realm, bytes: Uint8Array): BindingObject {
  return buffers(realm)['from'](bytes.buffer, bytes.byteOffset, bytes.byteLength) as BindingObject;
}

/** The bytes as an ArrayBuffer of exactly their length. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer;
}

function buffers(realm: Realm): BindingObject {
  return realm.requireBuiltin('buffer')['Buffer'] as BindingObject;
}
