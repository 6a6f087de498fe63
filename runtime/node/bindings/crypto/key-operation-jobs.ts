// One-shot signatures and key encapsulation as jobs. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, exactBuffer, toBuffer } from './bytes.ts';
import { digestOrThrow } from './digests.ts';
import type { Operation } from './job-class.ts';
import { KeyParser } from './key-parse.ts';
import { operationFailed } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped } from './openssl/library.ts';
import type { PKey } from './pkey.ts';
import { signMessage, verifyMessage } from './signatures.ts';

const MAX_CONTEXT_BYTES = 255;

export function keyOperationJobs(realm: Realm, binding: BindingObject): Record<string, Operation> {
  const parser = new KeyParser(realm, binding);
  const copy = (value: unknown): Uint8Array => new Uint8Array(bytesOf(realm, value));
  return {
    SignJob: (
      mode: number,
      keyValue: unknown,
      format: number | undefined,
      type: number | undefined,
      passphrase: unknown,
      data: unknown,
      digest: string | undefined | null,
      saltLength: number | undefined,
      padding: number | undefined,
      encoding: number | undefined,
      context: unknown,
      signature: unknown,
    ) => {
      const isSigning = mode === binding['kSignJobModeSign'];
      const args = { data: keyValue, format, type, passphrase };
      const key = isSigning ? parser.privateKey(args) : parser.publicOrPrivateKey(args).key;
      const message = copy(data);
      if (context !== undefined && bytesOf(realm, context).length > MAX_CONTEXT_BYTES)
        throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', 'context string must be at most 255 bytes');
      if (typeof digest === 'string') digestOrThrow(digest);
      const options = {
        padding,
        saltLength,
        isP1363: encoding === binding['kSigEncP1363'],
        context: context === undefined ? undefined : copy(context),
      };
      if (isSigning) return () => exactBuffer(signMessage(key, digest ?? undefined, message, options));
      const given = copy(signature);
      return () => verifyMessage(key, digest ?? undefined, message, given, options);
    },
    KEMEncapsulateJob: (data: unknown, format?: number, type?: number, passphrase?: unknown) => {
      const { key } = parser.publicOrPrivateKey({ data, format, type, passphrase });
      return () => encapsulate(key).map((bytes) => toBuffer(realm, bytes));
    },
    KEMDecapsulateJob: (data: unknown, format: number | undefined, type: number | undefined, passphrase: unknown, ciphertext: unknown) => {
      const key = parser.privateKey({ data, format, type, passphrase });
      const wrapped = copy(ciphertext);
      return () => toBuffer(realm, decapsulate(key, wrapped));
    },
  };
}

/** Without OpenSSL's reason, as in Node: what is wrong with a key or a ciphertext would tell an attacker something. */
function kemFailed(message: string): Error {
  openssl().ERR_clear_error();
  return operationFailed(message);
}

/** [shared key, ciphertext] */
function encapsulate(key: PKey): [Uint8Array, Uint8Array] {
  return scoped((scope) => {
    const api = openssl();
    const context = scope.own(api.EVP_PKEY_CTX_new(key.at, 0), (at) => api.EVP_PKEY_CTX_free(at));
    const [wrappedSize, secretSize] = [scope.word(), scope.word()];
    const isReady =
      api.EVP_PKEY_encapsulate_init(context, 0) > 0 &&
      setKemOperation(context, key) &&
      api.EVP_PKEY_encapsulate(context, 0, wrappedSize, 0, secretSize) > 0;
    if (!isReady) throw kemFailed('Failed to initialize encapsulation');
    const wrapped = scope.alloc(opensslMemory().u32(wrappedSize));
    const secret = scope.alloc(opensslMemory().u32(secretSize));
    if (api.EVP_PKEY_encapsulate(context, wrapped, wrappedSize, secret, secretSize) <= 0)
      throw kemFailed('Failed to perform encapsulation');
    const memory = opensslMemory();
    return [memory.copy(secret, memory.u32(secretSize)), memory.copy(wrapped, memory.u32(wrappedSize))];
  });
}

function decapsulate(key: PKey, wrapped: Uint8Array): Uint8Array {
  return scoped((scope) => {
    const api = openssl();
    const context = scope.own(api.EVP_PKEY_CTX_new(key.at, 0), (at) => api.EVP_PKEY_CTX_free(at));
    const data = scope.bytes(wrapped);
    const size = scope.word();
    const isReady =
      api.EVP_PKEY_decapsulate_init(context, 0) > 0 &&
      setKemOperation(context, key) &&
      api.EVP_PKEY_decapsulate(context, 0, size, data, wrapped.length) > 0;
    if (!isReady) throw kemFailed('Failed to initialize decapsulation');
    const secret = scope.alloc(opensslMemory().u32(size));
    if (api.EVP_PKEY_decapsulate(context, secret, size, data, wrapped.length) <= 0) throw kemFailed('Failed to perform decapsulation');
    return opensslMemory().copy(secret, opensslMemory().u32(size));
  });
}

/** RSA and curves have several ways; Node takes RSASVE and DHKEM. */
function setKemOperation(context: number, key: PKey): boolean {
  const operation = key.type === 'rsa' ? 'RSASVE' : /^(?:ec|x25519|x448)$/.test(key.type) ? 'DHKEM' : undefined;
  if (operation === undefined) return true;
  return scoped((scope) => openssl().EVP_PKEY_CTX_set_kem_op(context, scope.text(operation)) > 0);
}
