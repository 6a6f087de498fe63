// Signing and verifying: the streaming classes and what the one-shot job does. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { digestOrThrow, findDigest, OpensslDigest } from './digests.ts';
import { KeyParser } from './key-parse.ts';
import { opensslError, operationFailed, takeError } from './openssl/errors.ts';
import { bignumBytes, openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import type { PKey } from './pkey.ts';

export const RSA_PKCS1_PADDING = 1;
export const RSA_PKCS1_PSS_PADDING = 6;

export interface SignatureOptions {
  readonly padding: number | undefined;
  readonly saltLength: number | undefined;
  /** (EC)DSA signatures as two numbers of fixed size instead of DER. */
  readonly isP1363: boolean;
  readonly context?: Uint8Array | undefined;
}

export function signClass(realm: Realm, binding: BindingObject): unknown {
  const parser = new KeyParser(realm, binding);
  return class Sign extends StreamedDigest {
    constructor() {
      super(realm);
    }

    sign(
      data: unknown,
      format: number,
      type: number,
      passphrase: unknown,
      padding: number | undefined,
      saltLength: number | undefined,
      encoding: number,
    ): unknown {
      const key = parser.privateKey({ data, format, type, passphrase });
      if (key.signsMessages) throw unsupported();
      const digest = this.finish();
      const options = { padding, saltLength, isP1363: encoding === binding['kSigEncP1363'] };
      return toBuffer(realm, signDigest(key, this.digestAt, digest, options));
    }
  };
}

export function verifyClass(realm: Realm, binding: BindingObject): unknown {
  const parser = new KeyParser(realm, binding);
  return class Verify extends StreamedDigest {
    constructor() {
      super(realm);
    }

    verify(
      data: unknown,
      format: number,
      type: number,
      passphrase: unknown,
      signature: unknown,
      padding: number | undefined,
      saltLength: number | undefined,
      encoding: number,
    ): boolean {
      const { key } = parser.publicOrPrivateKey({ data, format, type, passphrase });
      if (key.signsMessages) throw unsupported();
      const digest = this.finish();
      const options = { padding, saltLength, isP1363: encoding === binding['kSigEncP1363'] };
      return verifyDigest(key, this.digestAt, digest, bytesOf(realm, signature), options);
    }
  };
}

class StreamedDigest {
  readonly #realm: Realm;
  #running: OpensslDigest | null = null;
  protected digestAt = 0;

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  init(name: string): void {
    this.digestAt = findDigest(name);
    if (this.digestAt === 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest');
    this.#running = new OpensslDigest(name);
  }

  update(data: unknown, encoding?: string): void {
    if (this.#running === null) throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Not initialised');
    this.#running.update(bytesOf(this.#realm, data, encoding));
  }

  protected finish(): Uint8Array {
    if (this.#running === null) throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Not initialised');
    const digest = this.#running.digest();
    this.#running = null;
    return digest;
  }
}

function unsupported(): Error {
  return nodeError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation');
}

function signDigest(key: PKey, digestAt: number, digest: Uint8Array, options: SignatureOptions): Uint8Array {
  return scoped((scope) => {
    const api = openssl();
    const context = scope.own(api.EVP_PKEY_CTX_new(key.at, 0), (at) => api.EVP_PKEY_CTX_free(at));
    const length = scope.word();
    const data = scope.bytes(digest);
    const isReady =
      api.EVP_PKEY_sign_init(context) > 0 &&
      applyRsaOptions(key, context, options) &&
      api.EVP_PKEY_CTX_set_signature_md(context, digestAt) > 0 &&
      api.EVP_PKEY_sign(context, 0, length, data, digest.length) > 0;
    const out = scope.alloc(opensslMemory().u32(length));
    if (!isReady || api.EVP_PKEY_sign(context, out, length, data, digest.length) <= 0) throw signFailed('PEM_read_bio_PrivateKey failed');
    const signature = opensslMemory().copy(out, opensslMemory().u32(length));
    return options.isP1363 ? toP1363(scope, key, signature) : signature;
  });
}

function verifyDigest(key: PKey, digestAt: number, digest: Uint8Array, signature: Uint8Array, options: SignatureOptions): boolean {
  return scoped((scope) => {
    const api = openssl();
    const given = options.isP1363 ? fromP1363(scope, key, signature) : signature;
    if (given.length === 0 && options.isP1363) throw operationFailed('Malformed signature');
    const context = scope.own(api.EVP_PKEY_CTX_new(key.at, 0), (at) => api.EVP_PKEY_CTX_free(at));
    const isReady =
      api.EVP_PKEY_verify_init(context) > 0 &&
      applyRsaOptions(key, context, options) &&
      api.EVP_PKEY_CTX_set_signature_md(context, digestAt) > 0;
    if (!isReady) throw signFailed('PEM_read_bio_PUBKEY failed');
    return api.EVP_PKEY_verify(context, scope.bytes(given), given.length, scope.bytes(digest), digest.length) === 1;
  });
}

/** Signs a message in one go; for keys that sign messages there is no digest. */
export function signMessage(key: PKey, digestName: string | undefined, message: Uint8Array, options: SignatureOptions): Uint8Array {
  return scoped((scope) => {
    const api = openssl();
    const md = startMessage(scope, key, digestName, options, true);
    const length = scope.word();
    const data = scope.bytes(message);
    if (api.EVP_DigestSign(md, 0, length, data, message.length) !== 1) throw signFailed('PEM_read_bio_PrivateKey failed');
    const out = scope.alloc(opensslMemory().u32(length));
    if (api.EVP_DigestSign(md, out, length, data, message.length) !== 1) throw signFailed('PEM_read_bio_PrivateKey failed');
    const signature = opensslMemory().copy(out, opensslMemory().u32(length));
    return options.isP1363 && !key.signsMessages ? toP1363(scope, key, signature) : signature;
  });
}

export function verifyMessage(
  key: PKey,
  digestName: string | undefined,
  message: Uint8Array,
  signature: Uint8Array,
  options: SignatureOptions,
): boolean {
  return scoped((scope) => {
    const api = openssl();
    const md = startMessage(scope, key, digestName, options, false);
    const given = options.isP1363 && !key.signsMessages ? fromP1363(scope, key, signature) : signature;
    return api.EVP_DigestVerify(md, scope.bytes(given), given.length, scope.bytes(message), message.length) === 1;
  });
}

function startMessage(scope: Scope, key: PKey, digestName: string | undefined, options: SignatureOptions, isSigning: boolean): number {
  const api = openssl();
  const md = scope.own(api.EVP_MD_CTX_new(), (at) => api.EVP_MD_CTX_free(at));
  const contextAt = scope.word();
  const digest = digestName === undefined ? 0 : digestOrThrow(digestName);
  let ok: number;
  if (options.context !== undefined && options.context.length > 0) {
    const start = isSigning ? api.vk_sign_init_with_context : api.vk_verify_init_with_context;
    const instance = INSTANCES[key.type];
    const name = instance === undefined ? 0 : scope.text(instance);
    ok = start(md, contextAt, key.at, name, scope.bytes(options.context), options.context.length);
  } else {
    const start = isSigning ? api.EVP_DigestSignInit : api.EVP_DigestVerifyInit;
    ok = start(md, contextAt, digest, 0, key.at);
  }
  if (ok !== 1) throw signFailed('EVP_SignInit_ex failed');
  if (!applyRsaOptions(key, opensslMemory().u32(contextAt), options)) throw signFailed('PEM_read_bio_PrivateKey failed');
  return md;
}

/** Edwards curves take a context only in a named variant. */
const INSTANCES: Readonly<Record<string, string>> = { ed25519: 'Ed25519ctx', ed448: 'Ed448' };

function applyRsaOptions(key: PKey, context: number, { padding, saltLength }: SignatureOptions): boolean {
  if (!key.isRsa) return true;
  const api = openssl();
  const used = padding ?? (key.type === 'rsa-pss' ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
  if (api.EVP_PKEY_CTX_set_rsa_padding(context, used) <= 0) return false;
  if (used !== RSA_PKCS1_PSS_PADDING || saltLength === undefined) return true;
  return api.EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength) > 0;
}

function signFailed(fallback: string): Error {
  const error = takeError();
  return error === 0 ? operationFailed(fallback) : opensslError(error);
}

/** Bytes of each of the two numbers; 0 where the key signs otherwise. */
function halfBytes(scope: Scope, key: PKey): number {
  const api = openssl();
  if (key.type === 'ec') return Math.ceil(api.EC_GROUP_order_bits(api.EC_KEY_get0_group(api.EVP_PKEY_get0_EC_KEY(key.at))) / 8);
  if (key.type !== 'dsa') return 0;
  const q = scope.word();
  api.DSA_get0_pqg(api.EVP_PKEY_get0_DSA(key.at), 0, q, 0);
  return Math.ceil(api.BN_num_bits(opensslMemory().u32(q)) / 8);
}

function toP1363(scope: Scope, key: PKey, der: Uint8Array): Uint8Array {
  const half = halfBytes(scope, key);
  if (half === 0) return der;
  const api = openssl();
  const signature = scope.own(api.d2i_ECDSA_SIG(0, scope.word(scope.bytes(der)), der.length), (at) => api.ECDSA_SIG_free(at));
  if (signature === 0) throw operationFailed('Malformed signature');
  const [r, s] = [scope.word(), scope.word()];
  api.ECDSA_SIG_get0(signature, r, s);
  const joined = new Uint8Array(half * 2);
  joined.set(bignumBytes(scope, opensslMemory().u32(r), half));
  joined.set(bignumBytes(scope, opensslMemory().u32(s), half), half);
  return joined;
}

/** Bytes of the wrong size verify as nothing, like any other wrong signature. */
function fromP1363(scope: Scope, key: PKey, joined: Uint8Array): Uint8Array {
  const half = halfBytes(scope, key);
  if (half === 0) return joined;
  if (joined.length !== half * 2) return new Uint8Array();
  const api = openssl();
  const signature = scope.own(api.ECDSA_SIG_new(), (at) => api.ECDSA_SIG_free(at));
  const number = (bytes: Uint8Array): number => api.BN_bin2bn(scope.bytes(bytes), bytes.length, 0);
  api.ECDSA_SIG_set0(signature, number(joined.subarray(0, half)), number(joined.subarray(half)));
  const outAt = scope.word();
  const size = api.i2d_ECDSA_SIG(signature, outAt);
  const out = scope.own(opensslMemory().u32(outAt), (at) => api.CRYPTO_free(at, 0, 0));
  return opensslMemory().copy(out, size);
}
