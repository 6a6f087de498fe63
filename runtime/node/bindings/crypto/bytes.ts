// Arguments and results of the crypto binding: strings in an encoding, any view, key handles; buffers and text out.
import type { BindingObject, Realm } from '../../realm.ts';
import { keyData } from './pkey.ts';

export function bytesOf(realm: Realm, data: unknown, encoding?: string): Uint8Array {
  if (typeof data === 'string')
    return buffers(realm)['from'](data, encoding === undefined || encoding === 'buffer' ? 'utf8' : encoding) as Uint8Array;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  const key = keyData(data) ?? keyData((data as { handle?: unknown } | null)?.handle);
  if (key?.kind === 'secret') return key.bytes;
  throw new TypeError('The data is neither text, bytes nor a secret key');
}

/** The bytes, or none. */
export function optionalBytes(realm: Realm, data: unknown): Uint8Array {
  return data === undefined || data === null ? new Uint8Array() : bytesOf(realm, data);
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
  const isExact = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  return isExact ? (bytes.buffer as ArrayBuffer) : new Uint8Array(bytes).buffer;
}

export function base64url(realm: Realm, bytes: Uint8Array): string {
  return toBuffer(realm, bytes)['toString']('base64url') as string;
}

function buffers(realm: Realm): BindingObject {
  return realm.requireBuiltin('buffer')['Buffer'] as BindingObject;
}
