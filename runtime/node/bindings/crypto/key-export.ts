// Keys to PEM, DER and raw bytes. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { findCipher } from './ciphers.ts';
import { exportJwk } from './jwk.ts';
import { opensslError, takeError } from './openssl/errors.ts';
import { bioBytes, openssl, scoped, type Scope } from './openssl/library.ts';
import { type KeyData, makeHandle, type PKey } from './pkey.ts';

/** How a key shall be written; without a format it stays a handle. */
export interface KeyEncoding {
  readonly format: number | undefined;
  readonly type: number | undefined;
  readonly cipher?: string | null | undefined;
  readonly passphrase?: unknown;
}

export class KeyWriter {
  readonly #realm: Realm;
  readonly #binding: BindingObject;

  constructor(realm: Realm, binding: BindingObject) {
    this.#realm = realm;
    this.#binding = binding;
  }

  /** A handle, text for PEM, a Buffer for DER or an object for JWK. */
  encode(data: KeyData & { kind: 'public' | 'private' }, encoding: KeyEncoding): unknown {
    if (encoding.format === undefined) return makeHandle(this.#binding, data);
    if (encoding.format === this.#binding['kKeyFormatJWK']) return exportJwk(this.#realm, data, {}, true);
    return data.kind === 'public' ? this.publicKey(data.key, encoding) : this.privateKey(data.key, encoding);
  }

  publicKey(key: PKey, { format, type }: KeyEncoding): unknown {
    const isPem = this.#isPem(format);
    const isPkcs1 = type === this.#binding['kKeyEncodingPKCS1'];
    const bytes = scoped((scope) => {
      const api = openssl();
      const bio = scope.sink();
      const write = isPkcs1
        ? isPem
          ? api.PEM_write_bio_RSAPublicKey(bio, api.EVP_PKEY_get0_RSA(key.at))
          : api.i2d_RSAPublicKey_bio(bio, api.EVP_PKEY_get0_RSA(key.at))
        : isPem
          ? api.PEM_write_bio_PUBKEY(bio, key.at)
          : api.i2d_PUBKEY_bio(bio, key.at);
      if (write !== 1) throw opensslError(takeError(), 'Failed to encode public key');
      return bioBytes(scope, bio);
    });
    return this.#result(bytes, isPem);
  }

  privateKey(key: PKey, encoding: KeyEncoding): unknown {
    const isPem = this.#isPem(encoding.format);
    const bytes = scoped((scope) => {
      const bio = scope.sink();
      if (this.#writePrivate(scope, bio, key, encoding, isPem) !== 1) throw opensslError(takeError(), 'Failed to encode private key');
      return bioBytes(scope, bio);
    });
    return this.#result(bytes, isPem);
  }

  #writePrivate(scope: Scope, bio: number, key: PKey, encoding: KeyEncoding, isPem: boolean): number {
    const api = openssl();
    const cipher = this.#cipher(encoding.cipher);
    const secret = cipher === 0 ? new Uint8Array() : bytesOf(this.#realm, encoding.passphrase);
    const pass = cipher === 0 ? 0 : scope.bytes(secret);
    switch (encoding.type) {
      case this.#binding['kKeyEncodingPKCS1']: {
        const rsa = api.EVP_PKEY_get0_RSA(key.at);
        return isPem ? api.PEM_write_bio_RSAPrivateKey(bio, rsa, cipher, pass, secret.length, 0, 0) : api.i2d_RSAPrivateKey_bio(bio, rsa);
      }
      case this.#binding['kKeyEncodingSEC1']: {
        const ec = api.EVP_PKEY_get0_EC_KEY(key.at);
        return isPem ? api.PEM_write_bio_ECPrivateKey(bio, ec, cipher, pass, secret.length, 0, 0) : api.i2d_ECPrivateKey_bio(bio, ec);
      }
      default:
        return isPem
          ? api.PEM_write_bio_PKCS8PrivateKey(bio, key.at, cipher, pass, secret.length, 0, 0)
          : api.i2d_PKCS8PrivateKey_bio(bio, key.at, cipher, pass, secret.length, 0, 0);
    }
  }

  #cipher(name: string | null | undefined): number {
    if (name === undefined || name === null) return 0;
    const cipher = findCipher(name);
    if (cipher === 0) throw nodeError(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    return cipher;
  }

  #isPem(format: number | undefined): boolean {
    return format === this.#binding['kKeyFormatPEM'];
  }

  #result(bytes: Uint8Array, isPem: boolean): unknown {
    const buffer = toBuffer(this.#realm, bytes);
    return isPem ? (buffer['toString']('utf8') as string) : buffer;
  }
}
