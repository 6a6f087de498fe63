// Bytes of the strings that Node's library hands to bindings, in every encoding Buffer knows. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';

type BufferFunction = BindingObject;

export function bufferOf(realm: Realm): BufferFunction {
  return realm.requireBuiltin('buffer').Buffer as BufferFunction;
}

export function encodeString(realm: Realm, text: string, encoding: string | undefined): Uint8Array {
  return plainBytes(bufferOf(realm).from(text, encoding ?? 'utf8') as Uint8Array);
}

/** The same bytes as a plain view: Buffer redefines `slice` and friends. */
export function plainBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Names and paths as the caller asked for them: `'buffer'`, or a string in `encoding`. */
export function encodeName(realm: Realm, name: string, encoding: string | undefined): unknown {
  if (encoding === undefined || encoding === null || encoding === 'utf8' || encoding === 'utf-8') return name;
  const bytes = bufferOf(realm).from(name, 'utf8') as { toString(encoding: string): string };
  return encoding === 'buffer' ? bytes : bytes.toString(encoding);
}
