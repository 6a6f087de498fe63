// RSA encryption in both directions, for the synchronous functions and WebCrypto's job. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, exactBuffer, toBuffer } from './bytes.ts';
import { digestOrThrow, findDigest } from './digests.ts';
import type { Operation } from './job-class.ts';
import { KeyParser } from './key-parse.ts';
import { jobError, opensslError, takeError } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped } from './openssl/library.ts';
import { type PKey, pkeyOf } from './pkey.ts';

const RSA_PKCS1_OAEP_PADDING = 4;

interface RsaOptions {
  readonly padding: number;
  readonly oaepDigest?: number;
  readonly oaepLabel?: Uint8Array | undefined;
}

type Start = (context: number) => number;
type Run = (context: number, out: number, outLength: number, data: number, length: number) => number;

type RsaMethod = (
  data: unknown,
  format: number,
  type: number,
  passphrase: unknown,
  buffer: unknown,
  padding: number,
  oaepHash: string | undefined,
  oaepLabel: unknown,
) => unknown;

export function rsaMethods(realm: Realm, binding: BindingObject): Record<string, RsaMethod> {
  const parser = new KeyParser(realm, binding);
  const method =
    (start: Start, run: Run): RsaMethod =>
    (data, format, type, passphrase, buffer, padding, oaepHash, oaepLabel) => {
      const { key } = parser.publicOrPrivateKey({ data, format, type, passphrase });
      const bytes = bytesOf(realm, buffer);
      const oaepDigest = oaepHash === undefined ? 0 : findDigest(oaepHash);
      if (oaepHash !== undefined && oaepDigest === 0) throw nodeError(Error, 'ERR_OSSL_EVP_INVALID_DIGEST', 'Invalid digest used');
      const label = oaepLabel === undefined ? undefined : bytesOf(realm, oaepLabel);
      const result = transform(start, run, key, bytes, { padding, oaepDigest, oaepLabel: label });
      if (result === null) throw opensslError(takeError());
      return toBuffer(realm, result);
    };
  const api = openssl;
  return {
    publicEncrypt: method(
      (context) => api().EVP_PKEY_encrypt_init(context),
      (...args) => api().EVP_PKEY_encrypt(...args),
    ),
    privateDecrypt: method(
      (context) => api().EVP_PKEY_decrypt_init(context),
      (...args) => api().EVP_PKEY_decrypt(...args),
    ),
    privateEncrypt: method(
      (context) => api().EVP_PKEY_sign_init(context),
      (...args) => api().EVP_PKEY_sign(...args),
    ),
    publicDecrypt: method(
      (context) => api().EVP_PKEY_verify_recover_init(context),
      (...args) => api().EVP_PKEY_verify_recover(...args),
    ),
  };
}

export function rsaCipherJobs(realm: Realm, binding: BindingObject): Record<string, Operation> {
  return {
    RSACipherJob: (mode: number, handle: unknown, data: unknown, _variant: number, hash: string, label: unknown) => {
      const key = pkeyOf(handle);
      const bytes = new Uint8Array(bytesOf(realm, data));
      const oaepLabel = label === undefined ? undefined : new Uint8Array(bytesOf(realm, label));
      const options = { padding: RSA_PKCS1_OAEP_PADDING, oaepDigest: digestOrThrow(hash), oaepLabel };
      const isEncrypting = mode === binding['kWebCryptoCipherEncrypt'];
      return () =>
        scoped(() => {
          const result = isEncrypting
            ? transform(
                (context) => openssl().EVP_PKEY_encrypt_init(context),
                (...args) => openssl().EVP_PKEY_encrypt(...args),
                key,
                bytes,
                options,
              )
            : transform(
                (context) => openssl().EVP_PKEY_decrypt_init(context),
                (...args) => openssl().EVP_PKEY_decrypt(...args),
                key,
                bytes,
                options,
              );
          if (result === null) throw jobError();
          return exactBuffer(result);
        });
    },
  };
}

/** Null when OpenSSL refused; its error queue says why. */
function transform(
  start: Start,
  run: Run,
  key: PKey,
  bytes: Uint8Array,
  { padding, oaepDigest = 0, oaepLabel }: RsaOptions,
): Uint8Array<ArrayBuffer> | null {
  const api = openssl();
  const context = api.EVP_PKEY_CTX_new(key.at, 0);
  const length = api.malloc(8);
  const data = api.malloc(Math.max(1, bytes.length));
  let out = 0;
  try {
    opensslMemory().bytes.set(bytes, data);
    if (context === 0 || start(context) <= 0 || api.EVP_PKEY_CTX_set_rsa_padding(context, padding) <= 0) return null;
    if (oaepDigest !== 0 && api.EVP_PKEY_CTX_set_rsa_oaep_md(context, oaepDigest) <= 0) return null;
    if (oaepLabel !== undefined && oaepLabel.length > 0) {
      const label = api.malloc(oaepLabel.length);
      opensslMemory().bytes.set(oaepLabel, label);
      // OpenSSL frees the label with the context.
      if (api.EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, oaepLabel.length) <= 0) return null;
    }
    if (run(context, 0, length, data, bytes.length) <= 0) return null;
    out = api.malloc(Math.max(1, opensslMemory().u32(length)));
    if (run(context, out, length, data, bytes.length) <= 0) return null;
    return opensslMemory().copy(out, opensslMemory().u32(length));
  } finally {
    api.EVP_PKEY_CTX_free(context);
    for (const at of [length, data, out]) api.free(at);
  }
}
