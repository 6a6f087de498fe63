// OpenSSL's libcrypto as WebAssembly: loaded when a process first needs it. Runs in the process worker.
import opensslUrl from '../native/libcrypto.wasm?url';
import { crypto } from '../../../../process/intrinsics.ts';
import { loadWasmModule, utf8, WasmMemory } from '../../wasm-module.ts';
import type { Libcrypto } from './exports.ts';

/** `crypto.getRandomValues` takes this many bytes at a time. */
const RANDOM_CHUNK = 65_536;
const WASI_BADF = 8;
const WASI_NOENT = 44;

interface Loaded {
  readonly api: Libcrypto;
  readonly memory: WasmMemory;
}

let loaded: Loaded | null = null;

/** OpenSSL's functions. */
export function openssl(): Libcrypto {
  return (loaded ??= load()).api;
}

export function opensslMemory(): WasmMemory {
  return (loaded ??= load()).memory;
}

export function fillRandom<T extends Uint8Array>(target: T): T {
  for (let offset = 0; offset < target.length; offset += RANDOM_CHUNK)
    target.set(crypto.getRandomValues(new Uint8Array(Math.min(RANDOM_CHUNK, target.length - offset))), offset);
  return target;
}

function load(): Loaded {
  let memory: WasmMemory | null = null;
  const held = (): WasmMemory => {
    if (memory === null) throw new Error('The library runs before it is loaded');
    return memory;
  };
  const { exports } = new WebAssembly.Instance(loadWasmModule(opensslUrl), {
    // No files and no environment: certificates and configuration come from the program alone.
    wasi_snapshot_preview1: {
      environ_get: () => 0,
      environ_sizes_get: (count: number, size: number) => {
        held().setU32(count, 0);
        held().setU32(size, 0);
        return 0;
      },
      clock_time_get: (_clock: number, _precision: bigint, out: number) => {
        held().view.setBigUint64(out, BigInt(Date.now()) * 1_000_000n, true);
        return 0;
      },
      random_get: (at: number, size: number) => {
        fillRandom(held().bytes.subarray(at, at + size));
        return 0;
      },
      fd_close: () => WASI_BADF,
      fd_fdstat_get: () => WASI_BADF,
      fd_prestat_get: () => WASI_BADF,
      fd_prestat_dir_name: () => WASI_BADF,
      fd_readdir: () => WASI_BADF,
      path_filestat_get: () => WASI_NOENT,
      path_open: () => WASI_NOENT,
      proc_exit: (code: number) => {
        throw new Error(`OpenSSL gave up (${code})`);
      },
    },
  });
  const api = exports as unknown as Libcrypto;
  memory = new WasmMemory(api.memory);
  api._initialize();
  return { api, memory };
}

/** Memory and objects of OpenSSL that live as long as one call of ours. */
export class Scope {
  readonly #releases: (() => void)[] = [];

  alloc(size: number): number {
    const api = openssl();
    const at = api.malloc(Math.max(1, size));
    this.#releases.push(() => api.free(at));
    return at;
  }

  /** A zeroed word, to receive a pointer or a length. */
  word(value = 0): number {
    const at = this.alloc(8);
    opensslMemory().setU32(at, value);
    opensslMemory().setU32(at + 4, 0);
    return at;
  }

  bytes(data: Uint8Array): number {
    const at = this.alloc(data.length);
    opensslMemory().bytes.set(data, at);
    return at;
  }

  text(text: string): number {
    return this.bytes(utf8(`${text}\0`));
  }

  bignum(data: Uint8Array): number {
    return this.own(openssl().BN_bin2bn(this.bytes(data), data.length, 0), (at) => openssl().BN_clear_free(at));
  }

  /** A BIO that reads these bytes. */
  source(data: Uint8Array): number {
    return this.own(openssl().BIO_new_mem_buf(this.bytes(data), data.length), (at) => openssl().BIO_free_all(at));
  }

  sink(): number {
    return this.own(openssl().BIO_new(openssl().BIO_s_mem()), (at) => openssl().BIO_free_all(at));
  }

  /** Frees the object when the scope ends; a null pointer is left alone. */
  own(at: number, release: (at: number) => void): number {
    if (at !== 0) this.#releases.push(() => release(at));
    return at;
  }

  release(): void {
    for (const release of this.#releases.toReversed()) release();
  }
}

/** Runs with a scope; afterwards nothing of it is left, nor of OpenSSL's error queue. */
export function scoped<T>(run: (scope: Scope) => T): T {
  const scope = new Scope();
  try {
    return run(scope);
  } finally {
    scope.release();
    openssl().ERR_clear_error();
  }
}

/** What was written into a BIO. */
export function bioBytes(scope: Scope, bio: number): Uint8Array<ArrayBuffer> {
  const at = scope.word();
  const length = openssl().vk_bio_data(bio, at);
  return opensslMemory().copy(opensslMemory().u32(at), length);
}

export function bioText(scope: Scope, bio: number): string {
  return new TextDecoder().decode(bioBytes(scope, bio));
}

/** Lines that `write` put into a BIO. */
export function bioLines(write: (bio: number) => void): string[] {
  return scoped((scope) => {
    const bio = scope.sink();
    write(bio);
    return bioText(scope, bio)
      .split('\n')
      .filter((line) => line !== '');
  });
}

/** A number's bytes, big-endian, without leading zeros or padded to `length`. */
export function bignumBytes(scope: Scope, number: number, length?: number): Uint8Array<ArrayBuffer> {
  const api = openssl();
  const size = length ?? Math.ceil(api.BN_num_bits(number) / 8);
  const out = scope.alloc(size);
  if (length === undefined) api.BN_bn2bin(number, out);
  else api.BN_bn2binpad(number, out, size);
  return opensslMemory().copy(out, size);
}
