// The crypto binding's jobs: one class per operation, run at once or in a later turn of the loop. Runs in the process worker.
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { crypto } from '../../../process/intrinsics.ts';
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { AsyncWrap } from '../stream-base/handle-wrap.ts';
import { bytesOf, exactBuffer } from './bytes.ts';
import { findDigest, startDigest } from './digests.ts';

/** `crypto.getRandomValues` takes this many bytes at a time, and no shared memory. */
const RANDOM_CHUNK = 65536;

/** Computes the result of a job, or throws. */
type Operation = (...args: never[]) => unknown;

export function installJobs(realm: Realm, binding: BindingObject): void {
  const bytes = (value: unknown): Uint8Array => bytesOf(realm, value);
  const digest = (name: string): NonNullable<ReturnType<typeof findDigest>> => {
    const found = findDigest(name);
    if (found === undefined) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`);
    return found;
  };
  const operations: Record<string, Operation> = {
    RandomBytesJob: (target: unknown, offset: number, size: number) => fillRandom(bytes(target).subarray(offset, offset + size)),
    PBKDF2Job: (password: unknown, salt: unknown, c: number, dkLen: number, name: string) =>
      dkLen === 0 ? new ArrayBuffer(0) : exactBuffer(pbkdf2(digest(name), bytes(password), bytes(salt), { c, dkLen })),
    ScryptJob: (password: unknown, salt: unknown, N: number, r: number, p: number, maxmem: number, dkLen: number) =>
      dkLen === 0 ? new ArrayBuffer(0) : exactBuffer(scrypt(bytes(password), bytes(salt), { N, r, p, dkLen, maxmem })),
    HKDFJob: (name: string, key: unknown, salt: unknown, info: unknown, length: number) =>
      exactBuffer(hkdf(digest(name), bytes(key), bytes(salt), bytes(info), length)),
    HashJob: (name: string, data: unknown, lengthBits?: number) =>
      exactBuffer(oneShot(name, bytes(data), lengthBits === undefined ? undefined : lengthBits / 8)),
    HmacJob: (_mode: number, name: string, key: unknown, data: unknown) => exactBuffer(hmac(digest(name), bytes(key), bytes(data))),
    SecretKeyGenJob: (bits: number) => {
      const handle = new binding['KeyObjectHandle']() as BindingObject;
      handle['init'](binding['kKeyTypeSecret'], fillRandom(new Uint8Array(bits / 8)));
      return handle;
    },
  };
  for (const [name, operation] of Object.entries(operations))
    binding[name] = jobClass(realm, binding, name, operation as (...args: unknown[]) => unknown);
}

function jobClass(realm: Realm, binding: BindingObject, name: string, operation: (...args: unknown[]) => unknown): unknown {
  const Job = class extends AsyncWrap {
    readonly #isSync: boolean;
    readonly #args: unknown[];

    constructor(mode: number, ...args: unknown[]) {
      super(realm);
      this.#isSync = mode === binding['kCryptoJobSync'];
      this.#args = args;
    }

    /** [error, result] at once, or `ondone(error, result)` later. */
    run(): unknown[] | undefined {
      const outcome = this.#compute();
      if (this.#isSync) return outcome;
      realm.loop.ref();
      realm.loop.enqueue(() => {
        realm.loop.unref();
        realm.makeCallback(this, (this as unknown as { ondone: unknown }).ondone, ...outcome);
      });
      return undefined;
    }

    #compute(): [error: unknown, result?: unknown] {
      try {
        return [undefined, operation(...this.#args)];
      } catch (error) {
        return [error];
      }
    }
  };
  return Object.defineProperty(Job, 'name', { value: name });
}

export function oneShot(name: string, data: Uint8Array, outputBytes?: number): Uint8Array {
  const running = startDigest(name, outputBytes);
  if (running === undefined || running === 'length') throw unknownDigest();
  running.update(data);
  return running.digest();
}

export function unknownDigest(): Error {
  return nodeError(Error, 'ERR_OSSL_EVP_UNSUPPORTED', 'error:0308010C:digital envelope routines::unsupported');
}

function fillRandom(target: Uint8Array): Uint8Array {
  for (let offset = 0; offset < target.length; offset += RANDOM_CHUNK) {
    target.set(crypto.getRandomValues(new Uint8Array(Math.min(RANDOM_CHUNK, target.length - offset))), offset);
  }
  return target;
}
