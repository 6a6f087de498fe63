// One asymmetric key of OpenSSL, and the objects that Node calls key handles. Runs in the process worker.
import type { BindingObject } from '../../realm.ts';
import { openssl, opensslMemory } from './openssl/library.ts';

/** Keys that no handle shows any more give their memory back. */
const released = new FinalizationRegistry<number>((at) => openssl().EVP_PKEY_free(at));

export class PKey {
  readonly at: number;

  /** Takes over the caller's reference. */
  constructor(at: number) {
    this.at = at;
    released.register(this, at);
  }

  /** Node's name of the key's type: `rsa`, `ec`, `ed25519`, `ml-dsa-44`, ... */
  get type(): string {
    const name = opensslMemory().text(openssl().EVP_PKEY_get0_type_name(this.at)).toLowerCase();
    return name === 'dhx' ? 'dh' : name;
  }

  get isRsa(): boolean {
    return this.type === 'rsa' || this.type === 'rsa-pss';
  }

  /** Signs the message itself, not a digest. */
  get signsMessages(): boolean {
    return /^(?:ed25519|ed448|ml-dsa|slh-dsa)/.test(this.type);
  }
}

export type KeyData = { readonly kind: 'secret'; readonly bytes: Uint8Array } | { readonly kind: 'public' | 'private'; readonly key: PKey };

const keys = new WeakMap<object, KeyData>();

export function setKeyData(handle: object, data: KeyData): void {
  keys.set(handle, data);
}

export function keyData(handle: unknown): KeyData | undefined {
  return typeof handle === 'object' && handle !== null ? keys.get(handle) : undefined;
}

/** The asymmetric key behind a handle. */
export function pkeyOf(handle: unknown): PKey {
  const data = keyData(handle);
  if (data === undefined || data.kind === 'secret') throw new TypeError('The handle holds no asymmetric key');
  return data.key;
}

/** A new handle of the binding's class. */
export function makeHandle(binding: BindingObject, data: KeyData): object {
  const handle = new binding['KeyObjectHandle']() as object;
  setKeyData(handle, data);
  return handle;
}
