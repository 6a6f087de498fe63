// `KeyObjectHandle`: what Node's KeyObject and CryptoKey stand on. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { markShareable } from '../messaging/native-handles.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { exportJwk, importEcPoint, importJwk } from './jwk.ts';
import { KeyWriter } from './key-export.ts';
import { rawPublicKey, rawSeed } from './raw-keys.ts';
import { KeyParser } from './key-parse.ts';
import { isSame } from './macs.ts';
import { operationFailed } from './openssl/errors.ts';
import { bignumBytes, openssl, opensslMemory, scoped } from './openssl/library.ts';
import { keyData, type KeyData, PKey, setKeyData } from './pkey.ts';

/** OpenSSL's numbers of key types that are raw bytes, by the names that Node's library passes. */
const RAW_TYPES: Readonly<Record<string, number>> = { ed25519: 1087, ed448: 1088, x25519: 1034, x448: 1035 };

const NODE_TYPES = /^(?:rsa|rsa-pss|dsa|dh|ec|ed25519|ed448|x25519|x448|ml-dsa-.*|ml-kem-.*|slh-dsa-.*)$/;

export function keyHandleClass(realm: Realm, binding: BindingObject): unknown {
  const parser = new KeyParser(realm, binding);
  const writer = new KeyWriter(realm, binding);
  return class KeyObjectHandle {
    constructor() {
      markShareable(this);
    }

    get #data(): KeyData {
      const data = keyData(this);
      if (data === undefined) throw new TypeError('The key handle was not initialised');
      return data;
    }

    get #key(): PKey {
      const data = this.#data;
      if (data.kind === 'secret') throw new TypeError('A secret key is not asymmetric');
      return data.key;
    }

    init(kind: number, data: unknown, format?: number, type?: number, passphrase?: unknown): void {
      if (kind === binding['kKeyTypeSecret']) {
        setKeyData(this, { kind: 'secret', bytes: new Uint8Array(bytesOf(realm, data)) });
        return;
      }
      const args = { data, format, type, passphrase };
      const isPrivate = kind === binding['kKeyTypePrivate'];
      const key = isPrivate ? parser.privateKey(args) : parser.publicOrPrivateKey(args).key;
      setKeyData(this, { kind: isPrivate ? 'private' : 'public', key });
    }

    initJwk(jwk: BindingObject, namedCurve?: string): number | undefined {
      const data = importJwk(realm, jwk, namedCurve);
      setKeyData(this, data);
      return binding[{ secret: 'kKeyTypeSecret', public: 'kKeyTypePublic', private: 'kKeyTypePrivate' }[data.kind]] as number;
    }

    initECRaw(curve: string, bytes: unknown): boolean {
      return this.#take('public', importEcPoint(curve, bytesOf(realm, bytes)));
    }

    initEDRaw(name: string, bytes: unknown, kind: number): boolean {
      const type = RAW_TYPES[name.toLowerCase()];
      const isPrivate = kind === binding['kKeyTypePrivate'];
      const raw = bytesOf(realm, bytes);
      if (type === undefined) return false;
      const at = scoped((scope) => {
        const api = openssl();
        return isPrivate
          ? api.EVP_PKEY_new_raw_private_key(type, 0, scope.bytes(raw), raw.length)
          : api.EVP_PKEY_new_raw_public_key(type, 0, scope.bytes(raw), raw.length);
      });
      return this.#take(isPrivate ? 'private' : 'public', at === 0 ? null : new PKey(at));
    }

    initPqcRaw(name: string, bytes: unknown, kind: number): boolean {
      const isPrivate = kind === binding['kKeyTypePrivate'];
      const raw = bytesOf(realm, bytes);
      const at = scoped((scope) => {
        const api = openssl();
        return isPrivate
          ? api.vk_key_from_seed(scope.text(name), scope.bytes(raw), raw.length, scope.text('seed'))
          : api.EVP_PKEY_new_raw_public_key_ex(0, scope.text(name), 0, scope.bytes(raw), raw.length);
      });
      return this.#take(isPrivate ? 'private' : 'public', at === 0 ? null : new PKey(at));
    }

    #take(kind: 'public' | 'private', key: PKey | null): boolean {
      if (key !== null) setKeyData(this, { kind, key });
      return key !== null;
    }

    getSymmetricKeySize(): number {
      const data = this.#data;
      return data.kind === 'secret' ? data.bytes.length : 0;
    }

    getAsymmetricKeyType(): string | undefined {
      const { type } = this.#key;
      return NODE_TYPES.test(type) ? type : undefined;
    }

    checkEcKeyData(): boolean {
      const ec = openssl().EVP_PKEY_get0_EC_KEY(this.#key.at);
      return scoped(() => ec !== 0 && openssl().EC_KEY_check_key(ec) === 1);
    }

    rawPublicKey(): unknown {
      const bytes = rawPublicKey(this.#key);
      if (bytes === null) throw operationFailed('Failed to get raw public key');
      return toBuffer(realm, bytes);
    }

    rawSeed(): unknown {
      const bytes = rawSeed(this.#key);
      if (bytes === null) throw operationFailed('Failed to get raw seed');
      return toBuffer(realm, bytes);
    }

    keyDetail(target: BindingObject): BindingObject {
      const data = this.#data;
      if (data.kind === 'secret') return Object.assign(target, { length: data.bytes.length * 8 });
      return Object.assign(target, detailsOf(data.key));
    }

    equals(other: object): boolean {
      const [a, b] = [this.#data, keyData(other)];
      if (b === undefined || a.kind !== b.kind) return false;
      if (a.kind === 'secret' || b.kind === 'secret') return a.kind === 'secret' && b.kind === 'secret' && isSame(a.bytes, b.bytes);
      const result = scoped(() => openssl().EVP_PKEY_eq(a.key.at, b.key.at));
      if (result === -2) throw nodeError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation');
      return result === 1;
    }

    export(format?: number, type?: number, cipher?: string | null, passphrase?: unknown): unknown {
      const data = this.#data;
      if (data.kind === 'secret') return toBuffer(realm, data.bytes.slice());
      const encoding = { format, type, cipher, passphrase };
      return data.kind === 'public' ? writer.publicKey(data.key, encoding) : writer.privateKey(data.key, encoding);
    }

    exportJwk(target: BindingObject, acceptsPss: boolean): BindingObject {
      return exportJwk(realm, this.#data, target, acceptsPss);
    }
  };
}

export function nativeKeyObjectClass(): (extend: (base: unknown) => unknown) => unknown {
  return (extend) =>
    extend(
      class NativeKeyObject {
        readonly handle: unknown;
        constructor(handle: unknown) {
          // As in Node the handle is no property that a program sees.
          Object.defineProperty(this, 'handle', { value: handle });
        }
      },
    );
}

function detailsOf(key: PKey): BindingObject {
  const api = openssl();
  const memory = opensslMemory();
  switch (key.type) {
    case 'rsa':
    case 'rsa-pss':
      return { ...rsaDetails(key), ...(key.type === 'rsa-pss' ? pssDetails(key) : {}) };
    case 'dsa':
      return scoped((scope) => {
        const [p, q] = [scope.word(), scope.word()];
        api.DSA_get0_pqg(api.EVP_PKEY_get0_DSA(key.at), p, q, 0);
        return { modulusLength: api.BN_num_bits(memory.u32(p)), divisorLength: api.BN_num_bits(memory.u32(q)) };
      });
    case 'ec': {
      const group = api.EC_KEY_get0_group(api.EVP_PKEY_get0_EC_KEY(key.at));
      return { namedCurve: memory.text(api.OBJ_nid2sn(api.EC_GROUP_get_curve_name(group))) };
    }
    default:
      return {};
  }
}

function rsaDetails(key: PKey): BindingObject {
  return scoped((scope) => {
    const api = openssl();
    const [n, e] = [scope.word(), scope.word()];
    api.RSA_get0_key(api.EVP_PKEY_get0_RSA(key.at), n, e, 0);
    const u32 = (at: number): number => opensslMemory().u32(at);
    return { modulusLength: api.BN_num_bits(u32(n)), publicExponent: bignumBytes(scope, u32(e)).buffer };
  });
}

function pssDetails(key: PKey): BindingObject {
  return scoped((scope) => {
    const api = openssl();
    const [hash, mgf1, salt] = [scope.word(), scope.word(), scope.word()];
    if (api.vk_pss_params(key.at, hash, mgf1, salt) !== 1) return {};
    const name = (at: number): string => opensslMemory().text(api.OBJ_nid2ln(opensslMemory().i32(at)));
    return { hashAlgorithm: name(hash), mgf1HashAlgorithm: name(mgf1), saltLength: opensslMemory().i32(salt) };
  });
}
