// `CipherBase`: what createCipheriv and createDecipheriv stand on. Order of checks and texts of errors are Node's. Process worker.
import type { Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { CTRL, findCipher, isAuthenticated, MODE, modeOf, NID_CHACHA20_POLY1305 } from './ciphers.ts';
import { opensslError, takeError } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped } from './openssl/library.ts';

const NO_TAG_LENGTH = -1;
const DEFAULT_TAG_BYTES = 16;
const MAX_CHACHA_IV_BYTES = 12;
const WRAP_ALLOW = 1;
const INT_MAX = 0x7fff_ffff;

const abandoned = new FinalizationRegistry<number>((context) => openssl().EVP_CIPHER_CTX_free(context));

export function cipherClass(realm: Realm): unknown {
  return class CipherBase extends CipherHandle {
    constructor(isEncrypting: boolean, name: string, key: unknown, iv: unknown, tagLength: number) {
      super(realm, { isEncrypting, name, key: bytesOf(realm, key), iv: iv === null ? null : bytesOf(realm, iv), tagLength });
    }
  };
}

interface CipherOptions {
  readonly isEncrypting: boolean;
  readonly name: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array | null;
  readonly tagLength: number;
}

class CipherHandle {
  readonly #realm: Realm;
  readonly #isEncrypting: boolean;
  readonly #cipher: number;
  readonly #mode: number;
  readonly #isAuthenticated: boolean;
  readonly #blockBytes: number;
  /** 0 once finished. */
  #context = 0;
  #tagLength: number;
  #tag: Uint8Array | null = null;
  #tagState: 'unknown' | 'known' | 'passed' = 'unknown';
  #maxMessageBytes = INT_MAX;
  #hasFailedToAuthenticate = false;

  constructor(realm: Realm, options: CipherOptions) {
    this.#realm = realm;
    this.#isEncrypting = options.isEncrypting;
    this.#tagLength = NO_TAG_LENGTH;
    this.#cipher = findCipher(options.name);
    if (this.#cipher === 0) throw nodeError(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    this.#mode = modeOf(this.#cipher);
    this.#isAuthenticated = isAuthenticated(this.#cipher);
    this.#blockBytes = openssl().EVP_CIPHER_get_block_size(this.#cipher);
    this.#checkIv(options.iv);
    this.#context = openssl().EVP_CIPHER_CTX_new();
    abandoned.register(this, this.#context, this);
    this.#start(options);
  }

  update(data: unknown, encoding?: string): unknown {
    const bytes = bytesOf(this.#realm, data, encoding);
    if (this.#context === 0) throw opensslError(takeError(), 'Trying to add data in unsupported state');
    if (this.#mode === MODE.CCM) this.#checkMessageLength(bytes.length);
    if (!this.#isEncrypting && this.#isAuthenticated) this.#passTag();
    return toBuffer(this.#realm, this.#run(bytes));
  }

  final(): unknown {
    if (this.#context === 0) throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state');
    const bytes = this.#finish();
    const error = bytes === null ? openssl().ERR_peek_error() : 0;
    this.#end();
    if (bytes !== null) return toBuffer(this.#realm, bytes);
    const text = this.#isAuthenticated ? 'Unsupported state or unable to authenticate data' : 'Unsupported state';
    const made = opensslError(error, text);
    openssl().ERR_clear_error();
    throw made;
  }

  setAutoPadding(isOn: boolean): boolean {
    return this.#context !== 0 && openssl().EVP_CIPHER_CTX_set_padding(this.#context, isOn ? 1 : 0) === 1;
  }

  getAuthTag(): unknown {
    if (this.#context !== 0 || !this.#isEncrypting || this.#tag === null) return undefined;
    return toBuffer(this.#realm, this.#tag.slice());
  }

  setAuthTag(tag: unknown): boolean {
    if (this.#context === 0 || !this.#isAuthenticated || this.#isEncrypting || this.#tagState !== 'unknown') return false;
    const bytes = bytesOf(this.#realm, tag);
    const isRight =
      this.#mode === MODE.GCM
        ? (this.#tagLength === NO_TAG_LENGTH || this.#tagLength === bytes.length) && isGcmTagLength(bytes.length)
        : this.#tagLength === bytes.length;
    if (!isRight) throw wrongTagLength(bytes.length);
    if (this.#mode === MODE.GCM && this.#tagLength === NO_TAG_LENGTH && bytes.length !== DEFAULT_TAG_BYTES) this.#warnOfShortTag();
    this.#tag = new Uint8Array(bytes);
    this.#tagLength = bytes.length;
    this.#tagState = 'known';
    return true;
  }

  setAAD(data: unknown, plaintextLength: number): boolean {
    if (this.#context === 0 || !this.#isAuthenticated) return false;
    const bytes = bytesOf(this.#realm, data);
    return scoped((scope) => {
      const api = openssl();
      const length = scope.word();
      if (this.#mode === MODE.CCM) {
        if (plaintextLength < 0) throw nodeError(TypeError, 'ERR_MISSING_ARGS', 'options.plaintextLength required for CCM mode with AAD');
        this.#checkMessageLength(plaintextLength);
        if (!this.#isEncrypting && !this.#passTag()) return false;
        if (api.EVP_CipherUpdate(this.#context, 0, length, 0, plaintextLength) !== 1) return false;
      }
      return api.EVP_CipherUpdate(this.#context, 0, length, scope.bytes(bytes), bytes.length) === 1;
    });
  }

  #checkIv(iv: Uint8Array | null): void {
    const expected = openssl().EVP_CIPHER_get_iv_length(this.#cipher);
    const isMissing = iv === null && expected !== 0;
    const isWrong = iv !== null && !this.#isAuthenticated && iv.length !== expected;
    const isChaCha = openssl().EVP_CIPHER_get_nid(this.#cipher) === NID_CHACHA20_POLY1305;
    if (isMissing || isWrong || (isChaCha && iv !== null && iv.length > MAX_CHACHA_IV_BYTES)) throw wrongIv();
  }

  #start({ key, iv, name, tagLength }: CipherOptions): void {
    const api = openssl();
    const encrypts = this.#isEncrypting ? 1 : 0;
    if (this.#mode === MODE.WRAP) api.EVP_CIPHER_CTX_set_flags(this.#context, WRAP_ALLOW);
    if (api.EVP_CipherInit_ex(this.#context, this.#cipher, 0, 0, 0, encrypts) !== 1)
      throw opensslError(takeError(), 'Failed to initialize cipher');
    if (this.#isAuthenticated) this.#startAuthenticated(name, iv?.length ?? 0, tagLength);
    if (api.EVP_CIPHER_CTX_set_key_length(this.#context, key.length) !== 1) {
      api.ERR_clear_error();
      throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    }
    scoped((scope) => {
      const ivAt = iv === null ? 0 : scope.bytes(iv);
      if (api.EVP_CipherInit_ex(this.#context, 0, 0, scope.bytes(key), ivAt, encrypts) !== 1)
        throw opensslError(takeError(), 'Failed to initialize cipher');
    });
  }

  #startAuthenticated(name: string, ivLength: number, tagLength: number): void {
    const api = openssl();
    if (api.EVP_CIPHER_CTX_ctrl(this.#context, CTRL.setIvLength, ivLength, 0) !== 1) {
      api.ERR_clear_error();
      throw wrongIv();
    }
    if (this.#mode === MODE.GCM) {
      if (tagLength === NO_TAG_LENGTH) return;
      if (!isGcmTagLength(tagLength)) throw wrongTagLength(tagLength);
      this.#tagLength = tagLength;
      return;
    }
    let length = tagLength;
    if (length === NO_TAG_LENGTH) {
      if (api.EVP_CIPHER_get_nid(this.#cipher) !== NID_CHACHA20_POLY1305)
        throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `authTagLength required for ${name}`);
      length = DEFAULT_TAG_BYTES;
    }
    if (api.EVP_CIPHER_CTX_ctrl(this.#context, CTRL.setTag, length, 0) !== 1) {
      api.ERR_clear_error();
      throw wrongTagLength(length);
    }
    this.#tagLength = length;
    if (this.#mode !== MODE.CCM) return;
    if (ivLength === 12) this.#maxMessageBytes = 0xff_ffff;
    if (ivLength === 13) this.#maxMessageBytes = 0xffff;
  }

  #checkMessageLength(length: number): void {
    if (length > this.#maxMessageBytes) throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_MESSAGELEN', 'Invalid message length');
  }

  /** Once, before the first byte; false when OpenSSL refuses it. */
  #passTag(): boolean {
    if (this.#tagState !== 'known' || this.#tag === null) return true;
    const { length } = this.#tag;
    const tag = this.#tag;
    const ok = scoped((scope) => openssl().EVP_CIPHER_CTX_ctrl(this.#context, CTRL.setTag, length, scope.bytes(tag)) === 1);
    if (ok) this.#tagState = 'passed';
    return ok;
  }

  #run(bytes: Uint8Array): Uint8Array {
    const api = openssl();
    return scoped((scope) => {
      const data = scope.bytes(bytes);
      const length = scope.word();
      let room = bytes.length + this.#blockBytes;
      if (this.#isEncrypting && this.#mode === MODE.WRAP) {
        if (api.EVP_CipherUpdate(this.#context, 0, length, data, bytes.length) !== 1)
          throw opensslError(takeError(), 'Trying to add data in unsupported state');
        room = opensslMemory().u32(length);
      }
      const out = scope.alloc(room);
      if (api.EVP_CipherUpdate(this.#context, out, length, data, bytes.length) === 1)
        return opensslMemory().copy(out, opensslMemory().u32(length));
      // CCM checks the tag here; the error belongs into `final`.
      if (this.#isEncrypting || this.#mode !== MODE.CCM) throw opensslError(takeError(), 'Trying to add data in unsupported state');
      this.#hasFailedToAuthenticate = true;
      return new Uint8Array();
    });
  }

  /** The last bytes, or null when it failed and the error queue says why. */
  #finish(): Uint8Array | null {
    const api = openssl();
    if (!this.#isEncrypting && this.#isAuthenticated) this.#passTag();
    const isChaCha = api.EVP_CIPHER_get_nid(this.#cipher) === NID_CHACHA20_POLY1305;
    if (!this.#isEncrypting && isChaCha && this.#tagState !== 'passed') return null;
    if (!this.#isEncrypting && this.#mode === MODE.CCM) return this.#hasFailedToAuthenticate ? null : new Uint8Array();
    const out = api.malloc(this.#blockBytes + 8);
    const length = out + this.#blockBytes + (4 - (this.#blockBytes % 4));
    const ok = api.EVP_CipherFinal_ex(this.#context, out, length) === 1;
    const bytes = ok ? opensslMemory().copy(out, opensslMemory().u32(length)) : null;
    api.free(out);
    return bytes !== null && this.#isEncrypting && this.#isAuthenticated && !this.#takeTag() ? null : bytes;
  }

  #takeTag(): boolean {
    if (this.#tagLength === NO_TAG_LENGTH) this.#tagLength = DEFAULT_TAG_BYTES;
    const length = this.#tagLength;
    return scoped((scope) => {
      const at = scope.alloc(length);
      if (openssl().EVP_CIPHER_CTX_ctrl(this.#context, CTRL.getTag, length, at) !== 1) return false;
      this.#tag = opensslMemory().copy(at, length);
      return true;
    });
  }

  #end(): void {
    abandoned.unregister(this);
    openssl().EVP_CIPHER_CTX_free(this.#context);
    this.#context = 0;
  }

  #warnOfShortTag(): void {
    this.#realm.process['emitWarning'](
      'Using AES-GCM authentication tags of less than 128 bits without specifying the authTagLength option when initializing decryption is deprecated.',
      'DeprecationWarning',
      'DEP0182',
    );
  }
}

function isGcmTagLength(length: number): boolean {
  return length === 4 || length === 8 || (length >= 12 && length <= 16);
}

function wrongIv(): Error {
  return nodeError(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
}

function wrongTagLength(length: number): Error {
  return nodeError(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${length}`);
}
