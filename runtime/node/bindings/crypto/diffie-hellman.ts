// `DiffieHellman`, `DiffieHellmanGroup` and the jobs that agree on secrets. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, exactBuffer, toBuffer } from './bytes.ts';
import { dhGroupPrime } from './dh-groups.ts';
import type { Operation } from './job-class.ts';
import { jobError, opensslError, operationFailed, takeError } from './openssl/errors.ts';
import { bignumBytes, openssl, opensslMemory, scoped } from './openssl/library.ts';
import { type PKey, pkeyOf } from './pkey.ts';

const CHECK_TOO_SMALL = 1;
const CHECK_TOO_LARGE = 2;
const MIN_MODULUS_BITS = 2;

const abandoned = new FinalizationRegistry<number>((dh) => openssl().DH_free(dh));

class DhHandle {
  readonly #realm: Realm;
  readonly #dh: number;
  readonly verifyError: number;

  constructor(realm: Realm, dh: number) {
    this.#realm = realm;
    this.#dh = dh;
    abandoned.register(this, dh);
    this.verifyError = scoped((scope) => {
      const codes = scope.word();
      if (openssl().DH_check(dh, codes) !== 1) throw operationFailed('Checking DH parameters failed');
      return opensslMemory().i32(codes);
    });
  }

  generateKeys(): unknown {
    return scoped(() => {
      if (openssl().DH_generate_key(this.#dh) !== 1) throw opensslError(takeError(), 'Key generation failed');
      return this.getPublicKey();
    });
  }

  computeSecret(peer: unknown): unknown {
    const bytes = bytesOf(this.#realm, peer);
    return scoped((scope) => {
      const api = openssl();
      const key = scope.bignum(bytes);
      const codes = scope.word();
      const isChecked = api.DH_check_pub_key(this.#dh, key, codes) === 1;
      const problems = opensslMemory().i32(codes);
      if (problems & CHECK_TOO_SMALL) throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Supplied key is too small');
      if (problems & CHECK_TOO_LARGE) throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Supplied key is too large');
      if (!isChecked || problems !== 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Invalid key type');
      const size = api.DH_size(this.#dh);
      const out = scope.alloc(size);
      const length = api.DH_compute_key(out, key, this.#dh);
      if (length < 0) throw opensslError(takeError(), 'Failed to compute shared secret');
      const secret = new Uint8Array(size);
      secret.set(opensslMemory().copy(out, length), size - length);
      return toBuffer(this.#realm, secret);
    });
  }

  getPrime(): unknown {
    return this.#part('prime', (p) => openssl().DH_get0_pqg(this.#dh, p, 0, 0));
  }

  getGenerator(): unknown {
    return this.#part('generator', (g) => openssl().DH_get0_pqg(this.#dh, 0, 0, g));
  }

  getPublicKey(): unknown {
    return this.#part('public key', (key) => openssl().DH_get0_key(this.#dh, key, 0));
  }

  getPrivateKey(): unknown {
    return this.#part('private key', (key) => openssl().DH_get0_key(this.#dh, 0, key));
  }

  setPublicKey(key: unknown): void {
    this.#set(bytesOf(this.#realm, key), (number) => openssl().DH_set0_key(this.#dh, number, 0));
  }

  setPrivateKey(key: unknown): void {
    this.#set(bytesOf(this.#realm, key), (number) => openssl().DH_set0_key(this.#dh, 0, number));
  }

  #part(name: string, read: (at: number) => void): unknown {
    return scoped((scope) => {
      const at = scope.word();
      read(at);
      const number = opensslMemory().u32(at);
      if (number === 0) throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', `No ${name} - did you forget to generate one?`);
      return toBuffer(this.#realm, bignumBytes(scope, number));
    });
  }

  /** The number becomes OpenSSL's. */
  #set(bytes: Uint8Array, set: (number: number) => number): void {
    scoped((scope) => {
      if (set(openssl().BN_bin2bn(scope.bytes(bytes), bytes.length, 0)) !== 1) throw operationFailed('Failed to set key');
    });
  }
}

export function diffieHellmanClass(realm: Realm): unknown {
  return class DiffieHellman extends DhHandle {
    constructor(sizeOrPrime: unknown, generator: unknown) {
      super(realm, makeDh(realm, sizeOrPrime, generator));
    }
  };
}

export function diffieHellmanGroupClass(realm: Realm): unknown {
  return class DiffieHellmanGroup extends DhHandle {
    constructor(name: string) {
      const prime = dhGroupPrime(name);
      if (prime === undefined) throw nodeError(Error, 'ERR_CRYPTO_UNKNOWN_DH_GROUP', 'Unknown DH group');
      super(realm, dhOf(prime(), wordNumber(2)));
    }
  };
}

function makeDh(realm: Realm, sizeOrPrime: unknown, generator: unknown): number {
  return scoped((scope) => {
    const api = openssl();
    if (typeof sizeOrPrime === 'number') {
      const bits = sizeOrPrime;
      if (bits < MIN_MODULUS_BITS) throw tooSmall();
      if (typeof generator === 'number' && generator < 2) throw badGenerator();
      const dh = api.DH_new();
      const base = typeof generator === 'number' ? generator : smallNumber(bytesOf(realm, generator));
      if (api.DH_generate_parameters_ex(dh, bits, base, 0) === 1) return dh;
      const error = opensslError(takeError());
      api.DH_free(dh);
      throw error;
    }
    const g = typeof generator === 'number' ? wordNumber(generator) : bytesNumber(bytesOf(realm, generator));
    const one = scope.own(wordNumber(1), (at) => api.BN_free(at));
    if ((typeof generator === 'number' && generator < 2) || api.BN_cmp(g, one) <= 0) {
      api.BN_free(g);
      throw badGenerator();
    }
    return dhOf(bytesNumber(bytesOf(realm, sizeOrPrime)), g);
  });
}

function bytesNumber(bytes: Uint8Array): number {
  return scoped((scope) => openssl().BN_bin2bn(scope.bytes(bytes), bytes.length, 0));
}

function smallNumber(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function wordNumber(value: number): number {
  const number = openssl().BN_new();
  openssl().BN_set_word(number, value);
  return number;
}

function dhOf(prime: number, generator: number): number {
  const dh = openssl().DH_new();
  if (openssl().DH_set0_pqg(dh, prime, 0, generator) !== 1) throw operationFailed('Initialization failed');
  return dh;
}

function badGenerator(): Error {
  return Object.assign(new Error('error:02800065:Diffie-Hellman routines::bad generator'), {
    library: 'Diffie-Hellman routines',
    reason: 'bad generator',
    code: 'ERR_OSSL_DH_BAD_GENERATOR',
  });
}

function tooSmall(): Error {
  return Object.assign(new Error('error:0280007E:Diffie-Hellman routines::modulus too small'), {
    library: 'Diffie-Hellman routines',
    reason: 'modulus too small',
    code: 'ERR_OSSL_DH_MODULUS_TOO_SMALL',
  });
}

export function agreementJobs(): Record<string, Operation> {
  const agree = (publicHandle: unknown, privateHandle: unknown): (() => unknown) => {
    const [peer, own] = [pkeyOf(publicHandle), pkeyOf(privateHandle)];
    return () => exactBuffer(deriveSecret(own, peer));
  };
  return { DHBitsJob: agree, ECDHBitsJob: agree };
}

function deriveSecret(own: PKey, peer: PKey): Uint8Array {
  return scoped((scope) => {
    const api = openssl();
    const context = scope.own(api.EVP_PKEY_CTX_new(own.at, 0), (at) => api.EVP_PKEY_CTX_free(at));
    const length = scope.word();
    const isReady =
      api.EVP_PKEY_derive_init(context) > 0 &&
      api.EVP_PKEY_derive_set_peer(context, peer.at) > 0 &&
      api.EVP_PKEY_derive(context, 0, length) > 0;
    if (!isReady) throw agreementError();
    const size = opensslMemory().u32(length);
    const out = scope.alloc(size);
    if (api.EVP_PKEY_derive(context, out, length) <= 0) throw agreementError();
    const written = opensslMemory().u32(length);
    const secret = new Uint8Array(size);
    secret.set(opensslMemory().copy(out, written), size - written);
    return secret;
  });
}

function agreementError(): Error {
  const error = takeError();
  return error === 0 ? jobError(operationFailed('diffieHellman failed')) : opensslError(error);
}
