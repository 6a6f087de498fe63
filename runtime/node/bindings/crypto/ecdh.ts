// `ECDH` and the conversion of points. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { decodePoint, encodePoint, findCurve } from './curves.ts';
import { operationFailed } from './openssl/errors.ts';
import { bignumBytes, openssl, opensslMemory, scoped } from './openssl/library.ts';

const abandoned = new FinalizationRegistry<number>((key) => openssl().EC_KEY_free(key));

export function ecdhClass(realm: Realm): unknown {
  return class ECDH {
    readonly #key: number;
    readonly #group: number;

    constructor(curve: string) {
      const nid = findCurve(curve);
      const key = nid === 0 ? 0 : openssl().EC_KEY_new_by_curve_name(nid);
      if (key === 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
      this.#key = key;
      this.#group = openssl().EC_KEY_get0_group(key);
      abandoned.register(this, key);
    }

    generateKeys(): void {
      if (scoped(() => openssl().EC_KEY_generate_key(this.#key)) !== 1) throw operationFailed('Failed to generate key');
    }

    /** The secret; text where the peer's key is not on the curve, which Node's library turns into its error. */
    computeSecret(peer: unknown): unknown {
      const bytes = bytesOf(realm, peer);
      return scoped((scope) => {
        const api = openssl();
        if (!this.#isValid()) throw nodeError(Error, 'ERR_CRYPTO_INVALID_KEYPAIR', 'Invalid key pair');
        const point = decodePoint(scope, this.#group, bytes);
        if (point === 0) return 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY';
        const size = Math.ceil(api.EC_GROUP_get_degree(this.#group) / 8);
        const out = scope.alloc(size);
        if (api.ECDH_compute_key(out, size, point, this.#key, 0) <= 0) throw operationFailed('Failed to compute ECDH key');
        return toBuffer(realm, opensslMemory().copy(out, size));
      });
    }

    getPublicKey(form: number): unknown {
      const point = openssl().EC_KEY_get0_public_key(this.#key);
      if (point === 0) throw operationFailed('Failed to get ECDH public key');
      const bytes = scoped((scope) => encodePoint(scope, this.#group, point, form));
      if (bytes === null) throw operationFailed('Failed to get public key length');
      return toBuffer(realm, bytes);
    }

    getPrivateKey(): unknown {
      const number = openssl().EC_KEY_get0_private_key(this.#key);
      if (number === 0) throw operationFailed('Failed to get ECDH private key');
      const size = Math.ceil(openssl().EC_GROUP_order_bits(this.#group) / 8);
      return toBuffer(
        realm,
        scoped((scope) => bignumBytes(scope, number, Math.max(size, Math.ceil(openssl().BN_num_bits(number) / 8)))),
      );
    }

    setPrivateKey(data: unknown): void {
      const bytes = bytesOf(realm, data);
      scoped((scope) => {
        const api = openssl();
        const number = scope.bignum(bytes);
        if (!this.#isPrivate(number))
          throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Private key is not valid for specified curve.');
        if (api.EC_KEY_set_private_key(this.#key, number) !== 1) throw operationFailed('Failed to convert BN to a private key');
        const point = scope.own(api.EC_POINT_new(this.#group), (at) => api.EC_POINT_free(at));
        if (api.EC_POINT_mul(this.#group, point, number, 0, 0, 0) !== 1) throw operationFailed('Failed to generate ECDH public key');
        if (api.EC_KEY_set_public_key(this.#key, point) !== 1) throw operationFailed('Failed to set generated public key');
      });
    }

    setPublicKey(data: unknown): void {
      const bytes = bytesOf(realm, data);
      scoped((scope) => {
        const point = decodePoint(scope, this.#group, bytes);
        if (point === 0) throw operationFailed('Failed to convert Buffer to EC_POINT');
        if (openssl().EC_KEY_set_public_key(this.#key, point) !== 1) throw operationFailed('Failed to set EC_POINT as the public key');
      });
    }

    #isValid(): boolean {
      return scoped(() => openssl().EC_KEY_check_key(this.#key) === 1);
    }

    /** Between one and the group's order. */
    #isPrivate(number: number): boolean {
      return scoped((scope) => {
        const api = openssl();
        const zero = scope.own(api.BN_new(), (at) => api.BN_free(at));
        return api.BN_cmp(number, zero) > 0 && api.BN_cmp(number, api.EC_GROUP_get0_order(this.#group)) < 0;
      });
    }
  };
}

export function convertKey(realm: Realm, key: unknown, curve: string, form: number): unknown {
  const bytes = bytesOf(realm, key);
  if (bytes.length === 0) return toBuffer(realm, new Uint8Array());
  const nid = findCurve(curve);
  if (nid === 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
  return scoped((scope) => {
    const api = openssl();
    const group = scope.own(api.EC_GROUP_new_by_curve_name(nid), (at) => api.EC_GROUP_free(at));
    if (group === 0) throw operationFailed('Failed to get EC_GROUP');
    const point = decodePoint(scope, group, bytes);
    if (point === 0) throw operationFailed('Failed to convert Buffer to EC_POINT');
    const encoded = encodePoint(scope, group, point, form);
    if (encoded === null) throw operationFailed('Failed to get public key length');
    return toBuffer(realm, encoded);
  });
}
