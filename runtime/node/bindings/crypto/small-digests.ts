// The commonest hashes for short inputs, from an audited library: a process that hashes a cookie or a WebSocket key need
// not load OpenSSL for it. Runs in the process worker.
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';

/** Longer inputs are worth loading OpenSSL, which is several times faster. */
const SHORT_BYTES = 16_384;

const digests: Readonly<Record<string, CHash>> = { md5, sha1, sha224, sha256, sha384, sha512 };

/** A digest's function for short inputs, by its plain name; `undefined` for all that OpenSSL has to answer. */
export function smallDigest(name: string): CHash | undefined {
  const plain = name
    .toLowerCase()
    .replace(/^rsa-/, '')
    .replace(/^sha-(?=\d)/, 'sha');
  return Object.hasOwn(digests, plain) ? digests[plain] : undefined;
}

export function macShort(digest: CHash, key: Uint8Array, input: Uint8Array): Uint8Array {
  return hmac(digest, key, input);
}

/** Input that is kept until it is known to be short or long. */
export class PendingInput {
  #chunks: Uint8Array[] = [];
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#chunks.push(new Uint8Array(bytes));
    this.#size += bytes.length;
  }

  isLongWith(bytes: Uint8Array): boolean {
    return this.#size + bytes.length > SHORT_BYTES;
  }

  bytes(): Uint8Array {
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    const joined = new Uint8Array(this.#size);
    let offset = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset);
      offset += chunk.length;
    }
    return joined;
  }

  clone(): PendingInput {
    const copy = new PendingInput();
    copy.#chunks = [...this.#chunks];
    copy.#size = this.#size;
    return copy;
  }
}
