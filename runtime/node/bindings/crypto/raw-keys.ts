// Keys as raw bytes, for the types that have such a form. Runs in the process worker.
import { openssl, opensslMemory, scoped } from './openssl/library.ts';
import type { PKey } from './pkey.ts';

/** The raw public key of an Edwards, Montgomery or post-quantum key; null where the type has none. */
export function rawPublicKey(key: PKey): Uint8Array<ArrayBuffer> | null {
  return scoped((scope) => {
    const api = openssl();
    const length = scope.word();
    if (api.EVP_PKEY_get_raw_public_key(key.at, 0, length) !== 1) return null;
    const size = opensslMemory().u32(length);
    const out = scope.alloc(size);
    return api.EVP_PKEY_get_raw_public_key(key.at, out, length) === 1 ? opensslMemory().copy(out, size) : null;
  });
}

export function rawPrivateKey(key: PKey): Uint8Array<ArrayBuffer> | null {
  return scoped((scope) => {
    const api = openssl();
    const length = scope.word();
    if (api.EVP_PKEY_get_raw_private_key(key.at, 0, length) !== 1) return null;
    const size = opensslMemory().u32(length);
    const out = scope.alloc(size);
    return api.EVP_PKEY_get_raw_private_key(key.at, out, length) === 1 ? opensslMemory().copy(out, size) : null;
  });
}

/** The seed that a post-quantum private key came from; null when the key was made without one. */
export function rawSeed(key: PKey): Uint8Array<ArrayBuffer> | null {
  const MAX_SEED_BYTES = 64;
  return scoped((scope) => {
    const out = scope.alloc(MAX_SEED_BYTES);
    const length = scope.word();
    const ok = openssl().EVP_PKEY_get_octet_string_param(key.at, scope.text('seed'), out, MAX_SEED_BYTES, length);
    return ok === 1 ? opensslMemory().copy(out, opensslMemory().u32(length)) : null;
  });
}
