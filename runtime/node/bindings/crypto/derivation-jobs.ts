// Jobs that derive bytes: hashes, MACs, PBKDF2, scrypt, HKDF, Argon2. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, exactBuffer, optionalBytes } from './bytes.ts';
import { digestOrThrow, digestSize, hashOnce } from './digests.ts';
import type { Operation } from './job-class.ts';
import { isSame, kmacOnce, macOnce } from './macs.ts';
import { errorText, jobError, takeError } from './openssl/errors.ts';
import { fillRandom, openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import { makeHandle } from './pkey.ts';

const HKDF_MAX_BLOCKS = 255;

export function derivationJobs(realm: Realm, binding: BindingObject): Record<string, Operation> {
  const copy = (value: unknown): Uint8Array => new Uint8Array(bytesOf(realm, value));
  const optional = (value: unknown): Uint8Array => new Uint8Array(optionalBytes(realm, value));
  const isVerifying = (mode: number): boolean => mode === binding['kSignJobModeVerify'];
  return {
    RandomBytesJob: (target: unknown, offset: number, size: number) => {
      const bytes = bytesOf(realm, target).subarray(offset, offset + size);
      return () => void fillRandom(bytes);
    },
    SecretKeyGenJob: (bits: number) => () =>
      makeHandle(binding, { kind: 'secret', bytes: fillRandom(new Uint8Array(Math.trunc(bits / 8))) }),
    HashJob: (name: string, data: unknown, lengthBits?: number) => {
      const bytes = copy(data);
      digestOrThrow(name);
      return () => exactBuffer(hashOnce(name, bytes, lengthBits === undefined ? undefined : lengthBits / 8));
    },
    HmacJob: (mode: number, name: string, key: unknown, data: unknown, signature: unknown) => {
      const [secret, bytes, given] = [copy(key), copy(data), optional(signature)];
      digestOrThrow(name);
      return () => {
        const mac = macOnce(name, secret, bytes);
        return isVerifying(mode) ? isSame(mac, given) : exactBuffer(mac);
      };
    },
    KmacJob: (mode: number, key: unknown, kind: string, customization: unknown, sizeBytes: number, data: unknown, signature: unknown) => {
      const input = { kind, key: copy(key), customization: optional(customization), data: copy(data), sizeBytes };
      const given = optional(signature);
      return () => {
        const mac = kmacOnce(input);
        return isVerifying(mode) ? isSame(mac, given) : exactBuffer(mac);
      };
    },
    PBKDF2Job: (password: unknown, salt: unknown, iterations: number, size: number, name: string) => {
      const [secret, salted, digest] = [copy(password), copy(salt), digestOrThrow(name)];
      return () =>
        derive(size, (scope, out) =>
          openssl().PKCS5_PBKDF2_HMAC(
            scope.bytes(secret),
            secret.length,
            scope.bytes(salted),
            salted.length,
            iterations,
            digest,
            size,
            out,
          ),
        );
    },
    ScryptJob: (password: unknown, salt: unknown, n: number, r: number, p: number, maxMemory: number, size: number) =>
      prepareScrypt({ secret: copy(password), salt: copy(salt), n, r, p, maxMemory, size }),
    HKDFJob: (name: string, key: unknown, salt: unknown, info: unknown, size: number) => {
      const [secret, salted, described, digest] = [copy(key), copy(salt), copy(info), digestOrThrow(name)];
      if (size > HKDF_MAX_BLOCKS * digestSize(digest)) throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
      return () =>
        derive(size, (scope, out) =>
          openssl().vk_hkdf(
            scope.text(opensslMemory().text(openssl().EVP_MD_get0_name(digest))),
            scope.bytes(secret),
            secret.length,
            scope.bytes(salted),
            salted.length,
            scope.bytes(described),
            described.length,
            out,
            size,
          ),
        );
    },
    Argon2Job: (
      message: unknown,
      nonce: unknown,
      lanes: number,
      size: number,
      memoryKib: number,
      passes: number,
      secret: unknown,
      associated: unknown,
      type: number,
    ) => {
      const [input, salt, key, data] = [copy(message), copy(nonce), optional(secret), optional(associated)];
      const kind = { [binding['kTypeArgon2d']]: 'ARGON2D', [binding['kTypeArgon2i']]: 'ARGON2I' }[type] ?? 'ARGON2ID';
      return () =>
        derive(size, (scope, out) =>
          openssl().vk_argon2(
            scope.text(kind),
            scope.bytes(input),
            input.length,
            scope.bytes(salt),
            salt.length,
            lanes,
            memoryKib,
            passes,
            scope.bytes(key),
            key.length,
            scope.bytes(data),
            data.length,
            out,
            size,
          ),
        );
    },
  };
}

/** Bytes that OpenSSL derives into memory of ours. */
function derive(size: number, run: (scope: Scope, out: number) => number): ArrayBuffer {
  if (size === 0) return new ArrayBuffer(0);
  return scoped((scope) => {
    const out = scope.alloc(size);
    if (run(scope, out) !== 1) throw jobError();
    return opensslMemory().copy(out, size).buffer;
  });
}

interface ScryptInput {
  readonly secret: Uint8Array;
  readonly salt: Uint8Array;
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly maxMemory: number;
  readonly size: number;
}

function prepareScrypt({ secret, salt, n, r, p, maxMemory, size }: ScryptInput): () => unknown {
  const run = (scope: Scope, out: number, length: number): number =>
    openssl().EVP_PBE_scrypt(
      scope.bytes(secret),
      secret.length,
      scope.bytes(salt),
      salt.length,
      BigInt(n),
      BigInt(r),
      BigInt(p),
      BigInt(maxMemory),
      out,
      length,
    );
  scoped((scope) => {
    // Without a place for the result OpenSSL only checks.
    if (run(scope, 0, size) === 1) return;
    const error = takeError();
    const why = error === 0 ? '' : `: ${errorText(error)}`;
    throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', `Invalid scrypt params${why}`);
  });
  return () => derive(size, (scope, out) => run(scope, out, size));
}
