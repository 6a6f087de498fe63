// WebCrypto's jobs: symmetric ciphers and the export of keys. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, exactBuffer } from './bytes.ts';
import { CTRL, findCipher } from './ciphers.ts';
import { encodePoint } from './curves.ts';
import type { Operation } from './job-class.ts';
import { KeyWriter } from './key-export.ts';
import { rawPublicKey } from './raw-keys.ts';
import { jobError, operationFailed } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import { keyData, type KeyData } from './pkey.ts';

const BLOCK_BYTES = 16;
const WRAP_ALLOW = 1;
const KW_IV = new Uint8Array(8).fill(0xa6);
const UNCOMPRESSED = 4;

interface CipherInput {
  readonly isEncrypting: boolean;
  readonly name: string;
  readonly key: Uint8Array;
  readonly data: Uint8Array;
  readonly iv: Uint8Array;
}

interface AeadInput extends CipherInput {
  /** Its length when encrypting. */
  readonly tag: Uint8Array | number;
  readonly additional: Uint8Array | undefined;
}

export function webcryptoJobs(realm: Realm, binding: BindingObject): Record<string, Operation> {
  const copy = (value: unknown): Uint8Array => new Uint8Array(bytesOf(realm, value));
  const variants = aesVariants(binding);
  const isEncrypting = (mode: number): boolean => mode === binding['kWebCryptoCipherEncrypt'];
  const aead = (mode: number, name: string, key: unknown, data: unknown, rest: unknown[]): (() => unknown) => {
    const [iv, tag, additional] = rest;
    const input: AeadInput = {
      isEncrypting: isEncrypting(mode),
      name,
      key: copy(key),
      data: copy(data),
      iv: copy(iv),
      tag: typeof tag === 'number' ? tag : copy(tag),
      additional: additional === undefined ? undefined : copy(additional),
    };
    return () => exactBuffer(runAead(input));
  };
  return {
    AESCipherJob: (mode: number, key: unknown, data: unknown, variant: number, ...rest: unknown[]) => {
      const { kind, bits } = variants.get(variant) ?? { kind: '', bits: 0 };
      const lower = kind.toLowerCase();
      if (kind === 'GCM' || kind === 'OCB') return aead(mode, `aes-${bits}-${lower}`, key, data, rest);
      const input = { isEncrypting: isEncrypting(mode), key: copy(key), data: copy(data) };
      if (kind === 'KW') return () => exactBuffer(run({ ...input, name: `id-aes${bits}-wrap`, iv: KW_IV }));
      const iv = copy(rest[0]);
      if (iv.length !== BLOCK_BYTES) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
      if (kind === 'CBC') return () => exactBuffer(run({ ...input, name: `aes-${bits}-cbc`, iv }));
      return () => exactBuffer(runCounter({ ...input, name: `aes-${bits}-ctr`, iv }, rest[1] as number));
    },
    ChaCha20Poly1305CipherJob: (mode: number, key: unknown, data: unknown, ...rest: unknown[]) =>
      aead(mode, 'chacha20-poly1305', key, data, rest),
    ...exportJobs(realm, binding),
  };
}

/** The constants `kKeyVariantAES_CTR_128` and so on. */
function aesVariants(binding: BindingObject): Map<number, { kind: string; bits: number }> {
  const variants = new Map<number, { kind: string; bits: number }>();
  for (const kind of ['CTR', 'CBC', 'GCM', 'KW', 'OCB'])
    for (const bits of [128, 192, 256]) variants.set(binding[`kKeyVariantAES_${kind}_${bits}`] as number, { kind, bits });
  return variants;
}

function run({ isEncrypting, name, key, data, iv }: CipherInput): Uint8Array {
  return scoped((scope) => {
    const api = openssl();
    const context = scope.own(api.EVP_CIPHER_CTX_new(), (at) => api.EVP_CIPHER_CTX_free(at));
    if (name.endsWith('-wrap')) api.EVP_CIPHER_CTX_set_flags(context, WRAP_ALLOW);
    if (api.EVP_CipherInit_ex(context, findCipher(name), 0, scope.bytes(key), scope.bytes(iv), isEncrypting ? 1 : 0) !== 1)
      throw jobError();
    return finish(scope, context, data, data.length + 2 * BLOCK_BYTES);
  });
}

function finish(scope: Scope, context: number, data: Uint8Array, room: number): Uint8Array {
  const api = openssl();
  const [out, length, last] = [scope.alloc(room), scope.word(), scope.word()];
  if (data.length > 0 && api.EVP_CipherUpdate(context, out, length, scope.bytes(data), data.length) !== 1) throw jobError();
  const written = opensslMemory().u32(length);
  if (api.EVP_CipherFinal_ex(context, out + written, last) !== 1) throw jobError();
  return opensslMemory().copy(out, written + opensslMemory().u32(last));
}

function runAead({ isEncrypting, name, key, data, iv, tag, additional }: AeadInput): Uint8Array {
  return scoped((scope) => {
    const api = openssl();
    const context = scope.own(api.EVP_CIPHER_CTX_new(), (at) => api.EVP_CIPHER_CTX_free(at));
    const encrypts = isEncrypting ? 1 : 0;
    const tagBytes = typeof tag === 'number' ? tag : tag.length;
    const length = scope.word();
    const isReady =
      api.EVP_CipherInit_ex(context, findCipher(name), 0, 0, 0, encrypts) === 1 &&
      api.EVP_CIPHER_CTX_ctrl(context, CTRL.setIvLength, iv.length, 0) === 1 &&
      (name.endsWith('gcm') || setTag(scope, context, tagBytes, tagBytes)) &&
      api.EVP_CipherInit_ex(context, 0, 0, scope.bytes(key), scope.bytes(iv), encrypts) === 1 &&
      (isEncrypting || setTag(scope, context, tag, tagBytes)) &&
      (additional === undefined ||
        additional.length === 0 ||
        api.EVP_CipherUpdate(context, 0, length, scope.bytes(additional), additional.length) === 1);
    if (!isReady) throw jobError();
    const bytes = finish(scope, context, data, data.length + 2 * BLOCK_BYTES);
    if (!isEncrypting) return bytes;
    const at = scope.alloc(tagBytes);
    if (api.EVP_CIPHER_CTX_ctrl(context, CTRL.getTag, tagBytes, at) !== 1) throw jobError();
    const joined = new Uint8Array(bytes.length + tagBytes);
    joined.set(bytes);
    joined.set(opensslMemory().copy(at, tagBytes), bytes.length);
    return joined;
  });
}

/** The tag to check, or the length of the one to make. */
function setTag(scope: Scope, context: number, tag: Uint8Array | number, tagBytes: number): boolean {
  const at = typeof tag === 'number' ? 0 : scope.bytes(tag);
  return openssl().EVP_CIPHER_CTX_ctrl(context, CTRL.setTag, tagBytes, at) === 1;
}

/** CTR whose counter has `counterBits` bits: OpenSSL counts over all 128, so the text is cut where the counter wraps. */
function runCounter(input: CipherInput, counterBits: number): Uint8Array {
  const blocks = BigInt(Math.ceil(input.data.length / BLOCK_BYTES));
  const size = 1n << BigInt(counterBits);
  if (counterBits === 0 || counterBits > 128 || blocks > size) throw operationFailed('Too much data for the counter');
  const block = BigInt(`0x${[...input.iv].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
  const counter = block & (size - 1n);
  const beforeWrap = size - counter;
  if (blocks <= beforeWrap) return run(input);
  const cut = Number(beforeWrap) * BLOCK_BYTES;
  const restart = block - counter;
  const iv = Uint8Array.from({ length: BLOCK_BYTES }, (_unused, index) => Number((restart >> BigInt(8 * (15 - index))) & 0xffn));
  const joined = new Uint8Array(input.data.length);
  joined.set(run({ ...input, data: input.data.subarray(0, cut) }));
  joined.set(run({ ...input, data: input.data.subarray(cut), iv }), cut);
  return joined;
}

function exportJobs(realm: Realm, binding: BindingObject): Record<string, Operation> {
  const writer = new KeyWriter(realm, binding);
  const exportKey = (format: number, handle: unknown): (() => unknown) => {
    const data = keyData(handle);
    return () => {
      if (data === undefined || data.kind === 'secret') throw operationFailed('The key cannot be exported');
      const der = binding['kKeyFormatDER'] as number;
      switch (format) {
        case binding['kWebCryptoKeyFormatRaw']:
          return exactBuffer(rawBytes(data));
        case binding['kWebCryptoKeyFormatPKCS8']:
          return exactBuffer(writer.privateKey(data.key, { format: der, type: binding['kKeyEncodingPKCS8'] }) as Uint8Array);
        default:
          return exactBuffer(writer.publicKey(data.key, { format: der, type: binding['kKeyEncodingSPKI'] }) as Uint8Array);
      }
    };
  };
  return { ECKeyExportJob: exportKey, RSAKeyExportJob: exportKey, DHKeyExportJob: exportKey };
}

function rawBytes({ key }: KeyData & { kind: 'public' | 'private' }): Uint8Array {
  const bytes =
    key.type === 'ec'
      ? scoped((scope) => {
          const api = openssl();
          const ec = api.EVP_PKEY_get0_EC_KEY(key.at);
          return encodePoint(scope, api.EC_KEY_get0_group(ec), api.EC_KEY_get0_public_key(ec), UNCOMPRESSED);
        })
      : rawPublicKey(key);
  if (bytes === null) throw operationFailed('The key has no raw form');
  return bytes;
}
