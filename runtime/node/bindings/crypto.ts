// The `crypto` binding: digests, HMAC, key derivation, random bytes and secret keys. What is missing refuses by name.
// Runs in the process worker.
import { hmac } from '@noble/hashes/hmac.js';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { bytesOf, keyBytes, resultOf, toBuffer } from './crypto/bytes.ts';
import { digestNames, findDigest, type RunningDigest, startDigest } from './crypto/digests.ts';
import { installJobs, oneShot, unknownDigest } from './crypto/jobs.ts';

export const crypto: BindingFactory = (realm, binding) => {
  binding['getHashes'] = () => [...digestNames];
  binding['getCachedAliases'] = () => ({});
  binding['Hash'] = hashClass(realm);
  binding['oneShotDigest'] = (
    name: string,
    _id: number,
    _cache: unknown,
    data: unknown,
    encoding: string,
    _code: number,
    outputBytes?: number,
  ) => resultOf(realm, oneShot(name, bytesOf(realm, data), outputBytes), encoding);
  binding['Hmac'] = hmacClass(realm);
  binding['timingSafeEqual'] = (first: unknown, second: unknown) => timingSafeEqual(realm, first, second);
  installKeys(realm, binding);
  installJobs(realm, binding);
  installSettings(binding);
};

function hashClass(realm: Realm): unknown {
  return class Hash {
    readonly #running: RunningDigest;

    constructor(source: string | Hash, outputBytes?: number) {
      const running = typeof source === 'string' ? startDigest(source, outputBytes) : source.#running.clone();
      if (running === undefined) throw nodeError(Error, 'ERR_OSSL_EVP_UNSUPPORTED', 'Digest method not supported');
      if (running === 'length')
        throw nodeError(Error, 'ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH', 'Unsupported state or unable to authenticate data');
      this.#running = running;
    }

    update(data: unknown, encoding?: string): boolean {
      this.#running.update(bytesOf(realm, data, encoding));
      return true;
    }

    digest(encoding?: string): unknown {
      return resultOf(realm, this.#running.digest(), encoding);
    }
  };
}

function hmacClass(realm: Realm): unknown {
  return class Hmac {
    #running: RunningDigest | null = null;

    init(name: string, key: unknown): void {
      const digest = findDigest(name);
      if (digest === undefined) throw nodeError(Error, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`);
      this.#running = hmac.create(digest, bytesOf(realm, key));
    }

    update(data: unknown, encoding?: string): boolean {
      this.#running?.update(bytesOf(realm, data, encoding));
      return this.#running !== null;
    }

    digest(encoding?: string): unknown {
      if (this.#running === null) throw unknownDigest();
      return resultOf(realm, this.#running.digest(), encoding);
    }
  };
}

function timingSafeEqual(realm: Realm, first: unknown, second: unknown): boolean {
  for (const [name, value] of [
    ['buf1', first],
    ['buf2', second],
  ] as const) {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) continue;
    throw nodeError(
      TypeError,
      'ERR_INVALID_ARG_TYPE',
      `The "${name}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`,
    );
  }
  const [a, b] = [bytesOf(realm, first), bytesOf(realm, second)];
  if (a.length !== b.length)
    throw nodeError(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

function installKeys(realm: Realm, binding: BindingObject): void {
  const { KeyObjectHandle: Refusing } = binding as { KeyObjectHandle: new () => object };
  const secret: unknown = binding['kKeyTypeSecret'];
  // Asymmetric keys keep the refusals that the skeleton made.
  binding['KeyObjectHandle'] = class KeyObjectHandle extends Refusing {
    init(type: unknown, data: unknown): void {
      if (type !== secret) {
        (Refusing.prototype as BindingObject)['init'].call(this, type, data);
        return;
      }
      keyBytes.set(this, bytesOf(realm, data).slice());
    }

    getSymmetricKeySize(): number {
      return keyBytes.get(this)?.length ?? 0;
    }

    export(): unknown {
      return toBuffer(realm, (keyBytes.get(this) ?? new Uint8Array()).slice());
    }

    exportJwk(target: BindingObject): BindingObject {
      return Object.assign(target, {
        kty: 'oct',
        k: toBuffer(realm, keyBytes.get(this) ?? new Uint8Array())['toString']('base64url') as string,
      });
    }

    equals(other: object): boolean {
      const [a, b] = [keyBytes.get(this), keyBytes.get(other)];
      return a !== undefined && b !== undefined && a.length === b.length && timingSafeEqual(realm, a, b);
    }
  };
  binding['createNativeKeyObjectClass'] = (extend: (base: unknown) => unknown) =>
    extend(
      class NativeKeyObject {
        readonly handle: unknown;
        constructor(handle: unknown) {
          this.handle = handle;
        }
      },
    );
}

/** Questions about OpenSSL's set-up. */
function installSettings(binding: BindingObject): void {
  binding['getFipsCrypto'] = () => 0;
  binding['testFipsCrypto'] = () => false;
  binding['secureHeapUsed'] = () => undefined;
  binding['getOpenSSLSecLevelCrypto'] = () => 1;
  binding['getCiphers'] = () => [];
  binding['getSSLCiphers'] = () => [];
  binding['getCurves'] = () => [];
  binding['getCipherInfo'] = () => undefined;
  binding['setEngine'] = () => true;
  for (const name of ['getBundledRootCertificates', 'getSystemCACertificates', 'getExtraCACertificates', 'getUserRootCertificates'])
    binding[name] = () => [];
  for (const name of ['resetRootCertStore', 'startLoadingCertificatesOffThread', 'setFipsCrypto']) binding[name] = () => {};
  binding['secureBuffer'] = (sizeBytes: number) => new Uint8Array(sizeBytes);
}
