// Hash functions by the names OpenSSL gives them. Runs in the process worker.
import { nodeError } from '../buffer/node-error.ts';
import { opensslError, takeError } from './openssl/errors.ts';
import { bioLines, openssl, opensslMemory, scoped } from './openssl/library.ts';
import { PendingInput, smallDigest } from './small-digests.ts';

const XOF_FLAG = 2;
const MAX_DIGEST_BYTES = 64;

/** Default output of the extendable functions, which OpenSSL itself no longer has. */
const XOF_DEFAULT_BYTES: Readonly<Record<string, number>> = { 'SHAKE-128': 16, SHAKE128: 16, 'SHAKE-256': 32, SHAKE256: 32 };

const found = new Map<string, number>();
let names: string[] | null = null;

export function digestNames(): string[] {
  return [...(names ??= bioLines((bio) => openssl().vk_digest_names(bio)))];
}

/** OpenSSL's digest by name, 0 when there is none. It lives as long as the process. */
export function findDigest(name: string): number {
  const known = found.get(name);
  if (known !== undefined) return known;
  const digest = scoped((scope) => {
    // Once DSA's own names for SHA-1.
    const text = scope.text(/^(?:dss1|DSS1)$/.test(name) ? 'sha1' : name);
    return openssl().EVP_MD_fetch(0, text, 0) || openssl().EVP_get_digestbyname(text);
  });
  if (digest !== 0) found.set(name, digest);
  return digest;
}

/** @throws the error that Node gives for an unknown name */
export function digestOrThrow(name: string, complaint = 'Invalid digest'): number {
  const digest = findDigest(name);
  if (digest === 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `${complaint}: ${name}`);
  return digest;
}

export function canHaveLength(name: string, outputBytes: number): boolean {
  const digest = findDigest(name);
  return (openssl().EVP_MD_get_flags(digest) & XOF_FLAG) !== 0 || digestSize(digest) === outputBytes;
}

export function digestSize(digest: number): number {
  const size = openssl().EVP_MD_get_size(digest);
  return size > 0 ? size : (XOF_DEFAULT_BYTES[opensslMemory().text(openssl().EVP_MD_get0_name(digest))] ?? 0);
}

/** A running digest. */
export interface RunningDigest {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array<ArrayBuffer>;
  /** A copy of the state; its output has the length given here, else the function's own. */
  clone(outputBytes?: number): RunningDigest;
}

/** @throws what Node throws for an unknown name, or a length that the function cannot have */
export function startDigest(name: string, outputBytes?: number): RunningDigest {
  const small = smallDigest(name);
  if (small !== undefined && (outputBytes === undefined || outputBytes === small.outputLen)) return new SmallRunningDigest(name);
  return new OpensslDigest(name, outputBytes);
}

/** Computes short inputs without OpenSSL, hands long ones over. */
class SmallRunningDigest implements RunningDigest {
  readonly #name: string;
  #pending = new PendingInput();
  #long: OpensslDigest | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  update(bytes: Uint8Array): void {
    if (this.#long === null && this.#pending.isLongWith(bytes)) {
      this.#long = new OpensslDigest(this.#name);
      this.#long.update(this.#pending.bytes());
    }
    if (this.#long === null) this.#pending.add(bytes);
    else this.#long.update(bytes);
  }

  digest(): Uint8Array<ArrayBuffer> {
    const small = smallDigest(this.#name);
    if (this.#long !== null || small === undefined) return this.#asLong().digest();
    return small(this.#pending.bytes()) as Uint8Array<ArrayBuffer>;
  }

  clone(outputBytes?: number): RunningDigest {
    if (outputBytes !== undefined && outputBytes !== smallDigest(this.#name)?.outputLen) throw wrongLength();
    const copy = new SmallRunningDigest(this.#name);
    copy.#pending = this.#pending.clone();
    copy.#long = (this.#long?.clone() as OpensslDigest | undefined) ?? null;
    return copy;
  }

  #asLong(): OpensslDigest {
    if (this.#long !== null) return this.#long;
    this.#long = new OpensslDigest(this.#name);
    this.#long.update(this.#pending.bytes());
    return this.#long;
  }
}

const abandoned = new FinalizationRegistry<number>((context) => openssl().EVP_MD_CTX_free(context));

/** Long inputs pass through memory of this size. */
const CHUNK_BYTES = 65_536;
let chunkAt = 0;

export class OpensslDigest implements RunningDigest {
  #context: number;
  readonly #name: string;
  readonly #size: number;
  readonly #isExtendable: boolean;

  constructor(source: string | OpensslDigest, outputBytes?: number) {
    const api = openssl();
    this.#context = api.EVP_MD_CTX_new();
    abandoned.register(this, this.#context, this);
    if (typeof source !== 'string') {
      api.EVP_MD_CTX_copy_ex(this.#context, source.#context);
      this.#name = source.#name;
      this.#isExtendable = source.#isExtendable;
      this.#size = this.#sizeOf(outputBytes);
      return;
    }
    const digest = findDigest(source);
    if (digest === 0 || api.EVP_DigestInit_ex(this.#context, digest, 0) !== 1)
      throw opensslError(takeError(), 'Digest method not supported');
    this.#isExtendable = (api.EVP_MD_get_flags(digest) & XOF_FLAG) !== 0;
    this.#name = source;
    this.#size = this.#sizeOf(outputBytes);
  }

  #sizeOf(outputBytes: number | undefined): number {
    const own = digestSize(findDigest(this.#name));
    if (!this.#isExtendable && outputBytes !== undefined && outputBytes !== own) throw wrongLength();
    return outputBytes ?? own;
  }

  update(bytes: Uint8Array): void {
    feed(bytes, (at, length) => openssl().EVP_DigestUpdate(this.#context, at, length));
  }

  digest(): Uint8Array<ArrayBuffer> {
    const api = openssl();
    try {
      return scoped((scope) => {
        const out = scope.alloc(Math.max(this.#size, MAX_DIGEST_BYTES));
        const ok =
          this.#size === 0 ||
          (this.#isExtendable ? api.EVP_DigestFinalXOF(this.#context, out, this.#size) : api.EVP_DigestFinal_ex(this.#context, out, 0)) ===
            1;
        if (!ok) throw opensslError(takeError());
        return opensslMemory().copy(out, this.#size);
      });
    } finally {
      abandoned.unregister(this);
      api.EVP_MD_CTX_free(this.#context);
      this.#context = 0;
    }
  }

  clone(outputBytes?: number): OpensslDigest {
    return new OpensslDigest(this, outputBytes);
  }
}

/** Hands bytes to OpenSSL piece by piece, so that a large input takes no second copy of its size. */
export function feed(bytes: Uint8Array, take: (at: number, length: number) => number): void {
  if (chunkAt === 0) chunkAt = openssl().malloc(CHUNK_BYTES);
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    const piece = bytes.subarray(offset, offset + CHUNK_BYTES);
    opensslMemory().bytes.set(piece, chunkAt);
    take(chunkAt, piece.length);
  }
}

export function hashOnce(name: string, data: Uint8Array, outputBytes?: number): Uint8Array<ArrayBuffer> {
  const running = startDigest(name, outputBytes);
  running.update(data);
  return running.digest();
}

function wrongLength(): Error {
  const reason = 'not XOF or invalid length';
  return Object.assign(new Error(`error:030000B2:digital envelope routines::${reason}`), {
    library: 'digital envelope routines',
    reason,
    code: 'ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH',
  });
}
