// The `crypto` binding: Node's names over OpenSSL. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { bytesOf, resultOf } from './crypto/bytes.ts';
import { cipherClass } from './crypto/cipher-handle.ts';
import { cipherNames, describeCipher } from './crypto/ciphers.ts';
import { curveNames } from './crypto/curves.ts';
import { derivationJobs } from './crypto/derivation-jobs.ts';
import { agreementJobs, diffieHellmanClass, diffieHellmanGroupClass } from './crypto/diffie-hellman.ts';
import { canHaveLength, digestNames, digestOrThrow, findDigest, hashOnce, type RunningDigest, startDigest } from './crypto/digests.ts';
import { convertKey, ecdhClass } from './crypto/ecdh.ts';
import { jobClass } from './crypto/job-class.ts';
import { keyGenerationJobs } from './crypto/key-generation-jobs.ts';
import { keyHandleClass, nativeKeyObjectClass } from './crypto/key-handle.ts';
import { keyOperationJobs } from './crypto/key-operation-jobs.ts';
import { isSame, RunningHmac } from './crypto/macs.ts';
import { primeJobs } from './crypto/primes.ts';
import { rsaCipherJobs, rsaMethods } from './crypto/rsa-ciphers.ts';
import { signClass, verifyClass } from './crypto/signatures.ts';
import { smallDigest } from './crypto/small-digests.ts';
import { installSpkac } from './crypto/spkac.ts';
import { webcryptoJobs } from './crypto/webcrypto-jobs.ts';
import { parseX509 } from './crypto/x509.ts';

export const crypto: BindingFactory = (realm, binding) => {
  installDigests(realm, binding);
  binding['timingSafeEqual'] = (first: unknown, second: unknown) => timingSafeEqual(realm, first, second);
  binding['KeyObjectHandle'] = keyHandleClass(realm, binding);
  binding['createNativeKeyObjectClass'] = nativeKeyObjectClass();
  binding['CipherBase'] = cipherClass(realm);
  binding['getCiphers'] = cipherNames;
  binding['getCipherInfo'] = describeCipher;
  binding['getCurves'] = curveNames;
  binding['Sign'] = signClass(realm, binding);
  binding['Verify'] = verifyClass(realm, binding);
  binding['DiffieHellman'] = diffieHellmanClass(realm);
  binding['DiffieHellmanGroup'] = diffieHellmanGroupClass(realm);
  binding['ECDH'] = ecdhClass(realm);
  binding['ECDHConvertKey'] = (key: unknown, curve: string, form: number) => convertKey(realm, key, curve, form);
  binding['parseX509'] = parseX509(realm, binding);
  Object.assign(binding, rsaMethods(realm, binding));
  installSpkac(realm, binding);
  const jobs = {
    ...derivationJobs(realm, binding),
    ...keyGenerationJobs(realm, binding),
    ...keyOperationJobs(realm, binding),
    ...agreementJobs(),
    ...rsaCipherJobs(realm, binding),
    ...webcryptoJobs(realm, binding),
    ...primeJobs(realm),
  };
  for (const [name, prepare] of Object.entries(jobs)) binding[name] = jobClass(realm, binding, name, prepare);
  const { RandomPrimeJob } = binding as { RandomPrimeJob: { prototype: BindingObject } };
  RandomPrimeJob.prototype['result'] = (prime: ArrayBuffer) => prime;
  installSettings(binding);
};

function installDigests(realm: Realm, binding: BindingObject): void {
  binding['getHashes'] = digestNames;
  binding['getCachedAliases'] = () => ({});
  binding['Hash'] = hashClass(realm);
  binding['Hmac'] = hmacClass(realm);
  binding['oneShotDigest'] = (
    name: string,
    _id: number,
    _cache: unknown,
    data: unknown,
    encoding: string,
    _code: number,
    outputBytes?: number,
  ) => {
    if (smallDigest(name) === undefined && findDigest(name) === 0) throw new Error(`Digest method ${name} is not supported`);
    if (outputBytes !== undefined && !canHaveLength(name, outputBytes))
      throw new Error(`Output length ${outputBytes} is invalid for ${name}, which does not support XOF`);
    return resultOf(realm, hashOnce(name, bytesOf(realm, data), outputBytes), encoding);
  };
}

function hashClass(realm: Realm): unknown {
  return class Hash {
    readonly #running: RunningDigest;
    #result: Uint8Array | null = null;

    constructor(source: string | Hash, outputBytes?: number) {
      this.#running = typeof source === 'string' ? startDigest(source, outputBytes) : source.#running.clone(outputBytes);
    }

    update(data: unknown, encoding?: string): boolean {
      this.#running.update(bytesOf(realm, data, encoding));
      return true;
    }

    digest(encoding?: string): unknown {
      this.#result ??= this.#running.digest();
      return resultOf(realm, this.#result.slice(), encoding);
    }
  };
}

function hmacClass(realm: Realm): unknown {
  return class Hmac {
    #running: RunningHmac | null = null;

    init(name: string, key: unknown): void {
      if (smallDigest(name) === undefined) digestOrThrow(name);
      this.#running = new RunningHmac(name, bytesOf(realm, key));
    }

    update(data: unknown, encoding?: string): boolean {
      this.#running?.update(bytesOf(realm, data, encoding));
      return this.#running !== null;
    }

    digest(encoding?: string): unknown {
      const bytes = this.#running?.digest() ?? new Uint8Array();
      this.#running = null;
      return resultOf(realm, bytes, encoding);
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
  return isSame(a, b);
}

/** Questions about OpenSSL's set-up. */
function installSettings(binding: BindingObject): void {
  binding['getFipsCrypto'] = () => 0;
  binding['testFipsCrypto'] = () => false;
  binding['secureHeapUsed'] = () => undefined;
  binding['getOpenSSLSecLevelCrypto'] = () => 1;
  binding['getSSLCiphers'] = () => [];
  binding['setEngine'] = () => false;
  for (const name of ['getBundledRootCertificates', 'getSystemCACertificates', 'getExtraCACertificates', 'getUserRootCertificates'])
    binding[name] = () => [];
  for (const name of ['resetRootCertStore', 'startLoadingCertificatesOffThread', 'setFipsCrypto']) binding[name] = () => {};
  binding['secureBuffer'] = (sizeBytes: number) => new Uint8Array(sizeBytes);
}
