// Key derivation for Python's `hashlib`, whose build has no OpenSSL. Bytes are hexadecimal text. Python worker.
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

const hashes = { md5, sha1, sha224, sha256, sha384, sha512 };

/** Empty for a hash that is not known. */
export function derivePbkdf2(name: string, password: string, salt: string, iterations: number, length: number): string {
  if (!Object.hasOwn(hashes, name)) return '';
  const hash = hashes[name as keyof typeof hashes];
  return bytesToHex(pbkdf2(hash, hexToBytes(password), hexToBytes(salt), { c: iterations, dkLen: length }));
}

export function deriveScrypt(password: string, salt: string, cost: { n: number; r: number; p: number; length: number }): string {
  const options = { N: cost.n, r: cost.r, p: cost.p, dkLen: cost.length, maxmem: 2 ** 31 };
  return bytesToHex(scrypt(hexToBytes(password), hexToBytes(salt), options));
}
