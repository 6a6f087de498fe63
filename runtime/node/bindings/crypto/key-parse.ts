// Keys from PEM and DER, in the order of attempts that Node makes. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf } from './bytes.ts';
import { libraryOf, opensslError, reasonOf, takeError } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import { keyData, PKey } from './pkey.ts';

const EVP_PKEY_RSA = 6;
const EVP_PKEY_EC = 408;
const ERR_LIB_PEM = 9;
const PEM_R_BAD_PASSWORD_READ = 104;
const ASN1_SEQUENCE = 0x30;
const ASN1_INTEGER = 0x02;

/** The arguments by which Node's library hands over a key: a handle, or bytes with their format, type and pass phrase. */
export interface KeyArguments {
  readonly data: unknown;
  readonly format: number | undefined;
  readonly type: number | undefined;
  readonly passphrase: unknown;
}

export class KeyParser {
  readonly #realm: Realm;
  readonly #constants: BindingObject;

  constructor(realm: Realm, binding: BindingObject) {
    this.#realm = realm;
    this.#constants = binding;
  }

  privateKey({ data, format, type, passphrase }: KeyArguments): PKey {
    const known = keyData(data);
    if (known !== undefined && known.kind !== 'secret') return known.key;
    return this.#private(bytesOf(this.#realm, data), format, type, this.#passphrase(passphrase));
  }

  /** A public key, or the private key that holds one. */
  publicOrPrivateKey({ data, format, type, passphrase }: KeyArguments): { key: PKey; isPrivate: boolean } {
    const known = keyData(data);
    if (known !== undefined && known.kind !== 'secret') return { key: known.key, isPrivate: known.kind === 'private' };
    const bytes = bytesOf(this.#realm, data);
    const secret = this.#passphrase(passphrase);
    if (this.#isPem(format)) {
      const key = readPublicPem(bytes);
      if (key !== null) return { key, isPrivate: false };
      return { key: this.#private(bytes, format, type, secret), isPrivate: true };
    }
    const isPrivate =
      type === this.#constants['kKeyEncodingPKCS1']
        ? isRsaPrivateKey(bytes)
        : type === this.#constants['kKeyEncodingPKCS8'] || type === this.#constants['kKeyEncodingSEC1'];
    if (isPrivate) return { key: this.#private(bytes, format, type, secret), isPrivate };
    const isPkcs1 = type === this.#constants['kKeyEncodingPKCS1'];
    const key = scoped((scope) => {
      const api = openssl();
      const at = pointerTo(scope, scope.bytes(bytes));
      const found = isPkcs1 ? api.d2i_PublicKey(EVP_PKEY_RSA, 0, at, bytes.length) : api.d2i_PUBKEY(0, at, bytes.length);
      if (found === 0) throw opensslError(0, 'Failed to read asymmetric key');
      return new PKey(found);
    });
    return { key, isPrivate };
  }

  #isPem(format: number | undefined): boolean {
    return format === this.#constants['kKeyFormatPEM'];
  }

  #passphrase(value: unknown): Uint8Array | null {
    return value === undefined || value === null ? null : bytesOf(this.#realm, value);
  }

  #private(bytes: Uint8Array, format: number | undefined, type: number | undefined, passphrase: Uint8Array | null): PKey {
    return scoped((scope) => {
      const pass: [at: number, length: number] = passphrase === null ? [0, 0] : [scope.bytes(passphrase), passphrase.length];
      const found = this.#isPem(format)
        ? openssl().vk_read_pem_private(scope.source(bytes), ...pass)
        : this.#privateDer(scope, bytes, type, pass);
      if (found !== 0) return new PKey(found);
      throw failedToRead(passphrase !== null);
    });
  }

  #privateDer(scope: Scope, bytes: Uint8Array, type: number | undefined, pass: [number, number]): number {
    const api = openssl();
    const at = pointerTo(scope, scope.bytes(bytes));
    switch (type) {
      case this.#constants['kKeyEncodingPKCS1']:
        return api.d2i_PrivateKey(EVP_PKEY_RSA, 0, at, bytes.length);
      case this.#constants['kKeyEncodingSEC1']:
        return api.d2i_PrivateKey(EVP_PKEY_EC, 0, at, bytes.length);
      default: {
        if (isEncryptedPkcs8(bytes)) return api.vk_read_encrypted_pkcs8(scope.source(bytes), ...pass);
        const info = scope.own(api.d2i_PKCS8_PRIV_KEY_INFO(0, at, bytes.length), (own) => api.PKCS8_PRIV_KEY_INFO_free(own));
        return info === 0 ? 0 : api.EVP_PKCS82PKEY(info);
      }
    }
  }
}

/** A pointer that points at `at`, as the d2i functions want it. */
export function pointerTo(scope: Scope, at: number): number {
  return scope.word(at);
}

/** `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`; null when none of these is there. */
function readPublicPem(bytes: Uint8Array): PKey | null {
  const api = openssl();
  const readers: readonly (readonly [name: string, read: (at: number, length: number) => number])[] = [
    ['PUBLIC KEY', (at, length) => api.d2i_PUBKEY(0, at, length)],
    ['RSA PUBLIC KEY', (at, length) => api.d2i_PublicKey(EVP_PKEY_RSA, 0, at, length)],
    ['CERTIFICATE', readCertificateKey],
  ];
  for (const [name, read] of readers) {
    const key = scoped((scope) => {
      const der = scope.word();
      const length = scope.word();
      if (api.PEM_bytes_read_bio(der, length, 0, scope.text(name), scope.source(bytes), 0, 0) !== 1) return undefined;
      const at = scope.own(opensslMemory().u32(der), (own) => api.CRYPTO_free(own, 0, 0));
      const found = read(pointerTo(scope, at), opensslMemory().u32(length));
      if (found === 0) throw opensslError(takeError(), 'Failed to read asymmetric key');
      return new PKey(found);
    });
    if (key !== undefined) return key;
  }
  return null;
}

function readCertificateKey(at: number, length: number): number {
  const api = openssl();
  const certificate = api.d2i_X509(0, at, length);
  if (certificate === 0) return 0;
  const key = api.X509_get_pubkey(certificate);
  api.X509_free(certificate);
  return key;
}

function failedToRead(hadPassphrase: boolean): Error {
  const error = openssl().ERR_peek_error();
  if (!hadPassphrase && libraryOf(error) === ERR_LIB_PEM && reasonOf(error) === PEM_R_BAD_PASSWORD_READ)
    return nodeError(TypeError, 'ERR_MISSING_PASSPHRASE', 'Passphrase required for encrypted key');
  return opensslError(error, 'Failed to read private key');
}

/** The contents of the outer sequence, if there is one. */
function sequence(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 2 || bytes[0] !== ASN1_SEQUENCE) return null;
  const first = bytes[1] ?? 0;
  const header = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return bytes.subarray(header);
}

/** RSAPrivateKey begins with a version of one byte, RSAPublicKey with the modulus. */
function isRsaPrivateKey(bytes: Uint8Array): boolean {
  const body = sequence(bytes);
  return body !== null && body.length >= 3 && body[0] === ASN1_INTEGER && body[1] === 1 && ((body[2] ?? 2) & 0xfe) === 0;
}

/** EncryptedPrivateKeyInfo begins with a sequence, PrivateKeyInfo with a version. */
function isEncryptedPkcs8(bytes: Uint8Array): boolean {
  const body = sequence(bytes);
  return body !== null && body.length >= 1 && body[0] !== ASN1_INTEGER;
}
