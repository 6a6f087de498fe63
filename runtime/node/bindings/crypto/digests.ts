// Hash functions by the names OpenSSL gives them, from an audited library. Runs in the process worker and in tests.
import { blake2b, blake2s } from '@noble/hashes/blake2.js';
import { md5, ripemd160, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js';
import { sha3_224, sha3_256, sha3_384, sha3_512, shake128, shake256 } from '@noble/hashes/sha3.js';
import type { CHash } from '@noble/hashes/utils.js';

const digests: Readonly<Record<string, CHash>> = {
  md5,
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  'sha512-224': sha512_224,
  'sha512-256': sha512_256,
  'sha3-224': sha3_224,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
  ripemd160,
  blake2b512: blake2b,
  blake2s256: blake2s,
};

/** Functions whose output may be of any length, with their default length in bytes. */
const extendable: Readonly<Record<string, { readonly hash: typeof shake128; readonly defaultBytes: number }>> = {
  shake128: { hash: shake128, defaultBytes: 16 },
  shake256: { hash: shake256, defaultBytes: 32 },
};

/** As `openssl list -digest-algorithms` names what we have; sorted like Node sorts them. */
export const digestNames: readonly string[] = [
  'RSA-MD5',
  'RSA-RIPEMD160',
  'RSA-SHA1',
  'RSA-SHA224',
  'RSA-SHA256',
  'RSA-SHA3-224',
  'RSA-SHA3-256',
  'RSA-SHA3-384',
  'RSA-SHA3-512',
  'RSA-SHA384',
  'RSA-SHA512',
  'RSA-SHA512/224',
  'RSA-SHA512/256',
  'blake2b512',
  'blake2s256',
  'md5',
  'ripemd',
  'ripemd160',
  'rmd160',
  'sha1',
  'sha224',
  'sha256',
  'sha3-224',
  'sha3-256',
  'sha3-384',
  'sha3-512',
  'sha384',
  'sha512',
  'sha512-224',
  'sha512-256',
  'shake128',
  'shake256',
  'ssl3-md5',
  'ssl3-sha1',
];

const aliases: Readonly<Record<string, string>> = { ripemd: 'ripemd160', rmd160: 'ripemd160', 'ssl3-md5': 'md5', 'ssl3-sha1': 'sha1' };

/** One name of a digest for all its spellings. */
function canonical(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/^rsa-/, '')
    .replace('/', '-')
    .replace(/^sha-(\d+)/, 'sha$1');
  return aliases[plain] ?? plain;
}

/** The function behind a name, without the extendable ones; `undefined` where there is none. */
export function findDigest(name: string): CHash | undefined {
  return digests[canonical(name)];
}

/** A running digest. */
export interface RunningDigest {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
  clone(): RunningDigest;
}

/** Starts a digest; `undefined` for an unknown name, `'length'` where the output length does not fit the function. */
export function startDigest(name: string, outputBytes?: number): RunningDigest | 'length' | undefined {
  const key = canonical(name);
  const flexible = extendable[key];
  if (flexible !== undefined) return flexible.hash.create({ dkLen: outputBytes ?? flexible.defaultBytes });
  const fixed = digests[key];
  if (fixed === undefined) return undefined;
  return outputBytes !== undefined && outputBytes !== fixed.outputLen ? 'length' : fixed.create();
}
