// HMAC and KMAC. Runs in the process worker.
import { nodeError } from '../buffer/node-error.ts';
import { digestOrThrow, digestSize, feed } from './digests.ts';
import { jobError } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped } from './openssl/library.ts';
import { macShort, PendingInput, smallDigest } from './small-digests.ts';

const abandoned = new FinalizationRegistry<number>((context) => openssl().HMAC_CTX_free(context));

/** A running HMAC; short inputs with the commonest digests need no OpenSSL. */
export class RunningHmac {
  readonly #name: string;
  readonly #key: Uint8Array;
  #pending: PendingInput | null;
  #context = 0;
  #size = 0;

  constructor(name: string, key: Uint8Array) {
    this.#name = name;
    this.#key = new Uint8Array(key);
    this.#pending = smallDigest(name) === undefined ? null : new PendingInput();
    if (this.#pending === null) this.#start();
  }

  update(bytes: Uint8Array): void {
    if (this.#pending !== null && !this.#pending.isLongWith(bytes)) {
      this.#pending.add(bytes);
      return;
    }
    if (this.#pending !== null) {
      this.#start();
      this.#feed(this.#pending.bytes());
      this.#pending = null;
    }
    this.#feed(bytes);
  }

  digest(): Uint8Array<ArrayBuffer> {
    const small = smallDigest(this.#name);
    if (this.#pending !== null && small !== undefined) return macShort(small, this.#key, this.#pending.bytes()) as Uint8Array<ArrayBuffer>;
    return scoped((scope) => {
      const out = scope.alloc(this.#size);
      openssl().HMAC_Final(this.#context, out, scope.word());
      abandoned.unregister(this);
      openssl().HMAC_CTX_free(this.#context);
      this.#context = 0;
      return opensslMemory().copy(out, this.#size);
    });
  }

  #feed(bytes: Uint8Array): void {
    feed(bytes, (at, length) => openssl().HMAC_Update(this.#context, at, length));
  }

  #start(): void {
    const api = openssl();
    const digest = digestOrThrow(this.#name);
    this.#size = digestSize(digest);
    this.#context = api.HMAC_CTX_new();
    abandoned.register(this, this.#context, this);
    const ok = scoped((scope) => api.HMAC_Init_ex(this.#context, scope.bytes(this.#key), this.#key.length, digest, 0));
    if (ok !== 1) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${this.#name}`);
  }
}

export function macOnce(name: string, key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const running = new RunningHmac(name, key);
  running.update(data);
  return running.digest();
}

export interface KmacInput {
  readonly kind: string;
  readonly key: Uint8Array;
  readonly customization: Uint8Array;
  readonly data: Uint8Array;
  readonly sizeBytes: number;
}

export function kmacOnce({ kind, key, customization, data, sizeBytes }: KmacInput): Uint8Array<ArrayBuffer> {
  return scoped((scope) => {
    const out = scope.alloc(sizeBytes);
    const ok = openssl().vk_kmac(
      scope.text(kind.replace('KMAC', 'KMAC-')),
      scope.bytes(key),
      key.length,
      scope.bytes(customization),
      customization.length,
      scope.bytes(data),
      data.length,
      out,
      sizeBytes,
    );
    if (ok !== 1) throw jobError();
    return opensslMemory().copy(out, sizeBytes);
  });
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
