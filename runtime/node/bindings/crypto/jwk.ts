// JSON Web Keys (RFC 7517, 7518, 8037, and AKP for ML-DSA) in and out. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { base64url, bytesOf } from './bytes.ts';
import { ecPublicPoint, findCurve } from './curves.ts';
import { rawPrivateKey, rawPublicKey, rawSeed } from './raw-keys.ts';
import { bignumBytes, openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import { type KeyData, PKey } from './pkey.ts';

/** Curves that JSON Web Keys name, by OpenSSL's name. */
const JWK_CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp256k1: 'secp256k1',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

const OKP_CURVES: Readonly<Record<string, string>> = { ed25519: 'Ed25519', ed448: 'Ed448', x25519: 'X25519', x448: 'X448' };

export function exportJwk(realm: Realm, data: KeyData, target: BindingObject, acceptsPss: boolean): BindingObject {
  if (data.kind === 'secret') return Object.assign(target, { kty: 'oct', k: base64url(realm, data.bytes) });
  const { key } = data;
  const isPrivate = data.kind === 'private';
  const { type } = key;
  if (type === 'rsa' || (type === 'rsa-pss' && acceptsPss)) return Object.assign(target, rsaJwk(realm, key, isPrivate));
  if (type === 'ec') return Object.assign(target, ecJwk(realm, key, isPrivate));
  const crv = OKP_CURVES[type];
  if (crv !== undefined) {
    const secret = isPrivate ? { d: base64url(realm, rawPrivateKey(key) ?? new Uint8Array()) } : {};
    return Object.assign(target, { crv, ...secret, x: base64url(realm, rawPublicKey(key) ?? new Uint8Array()), kty: 'OKP' });
  }
  if (type.startsWith('ml-dsa-')) return Object.assign(target, akpJwk(realm, key, isPrivate));
  throw nodeError(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE', 'Unsupported JWK Key Type.');
}

/** The key that the JWK describes. */
export function importJwk(realm: Realm, jwk: BindingObject, namedCurve: string | undefined): KeyData {
  switch (jwk['kty']) {
    case 'oct':
      if (typeof jwk['k'] !== 'string') throw invalid('Invalid JWK secret key format');
      return { kind: 'secret', bytes: new Uint8Array(bytesOf(realm, jwk['k'], 'base64url')) };
    case 'RSA':
      return importRsa(realm, jwk);
    case 'EC':
      return importEc(realm, jwk, namedCurve);
    default:
      throw invalid(`${String(jwk['kty'])} is not a supported JWK key type`);
  }
}

function invalid(message: string): Error {
  return nodeError(TypeError, 'ERR_CRYPTO_INVALID_JWK', message);
}

function rsaJwk(realm: Realm, key: PKey, isPrivate: boolean): BindingObject {
  return scoped((scope) => {
    const api = openssl();
    const rsa = api.EVP_PKEY_get0_RSA(key.at);
    const at = Array.from({ length: 8 }, () => scope.word());
    const [n = 0, e = 0, d = 0, p = 0, q = 0, dp = 0, dq = 0, qi = 0] = at;
    api.RSA_get0_key(rsa, n, e, d);
    const value = (pointer: number): string => base64url(realm, bignumBytes(scope, opensslMemory().u32(pointer)));
    const made: BindingObject = { kty: 'RSA', n: value(n), e: value(e) };
    if (!isPrivate) return made;
    api.RSA_get0_factors(rsa, p, q);
    api.RSA_get0_crt_params(rsa, dp, dq, qi);
    return Object.assign(made, { d: value(d), p: value(p), q: value(q), dp: value(dp), dq: value(dq), qi: value(qi) });
  });
}

function ecJwk(realm: Realm, key: PKey, isPrivate: boolean): BindingObject {
  return scoped((scope) => {
    const api = openssl();
    const ec = api.EVP_PKEY_get0_EC_KEY(key.at);
    const group = api.EC_KEY_get0_group(ec);
    const curve = opensslMemory().text(api.OBJ_nid2sn(api.EC_GROUP_get_curve_name(group)));
    const crv = JWK_CURVES[curve];
    if (crv === undefined) throw nodeError(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_CURVE', `Unsupported JWK EC curve: ${curve}.`);
    const bytes = Math.ceil(api.EC_GROUP_get_degree(group) / 8);
    const [x, y] = [scope.own(api.BN_new(), api.BN_free), scope.own(api.BN_new(), api.BN_free)];
    api.EC_POINT_get_affine_coordinates(group, api.EC_KEY_get0_public_key(ec), x, y, 0);
    const value = (number: number, size: number): string => base64url(realm, bignumBytes(scope, number, size));
    const made: BindingObject = { kty: 'EC', x: value(x, bytes), y: value(y, bytes), crv };
    if (!isPrivate) return made;
    const orderBytes = Math.ceil(api.EC_GROUP_order_bits(group) / 8);
    return Object.assign(made, { d: value(api.EC_KEY_get0_private_key(ec), orderBytes) });
  });
}

function akpJwk(realm: Realm, key: PKey, isPrivate: boolean): BindingObject {
  const made: BindingObject = {};
  if (isPrivate) {
    const seed = rawSeed(key);
    if (seed === null) throw nodeError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'key does not have an available seed');
    made['priv'] = base64url(realm, seed);
  }
  return Object.assign(made, {
    kty: 'AKP',
    alg: key.type.toUpperCase(),
    pub: base64url(realm, rawPublicKey(key) ?? new Uint8Array()),
  });
}

function importRsa(realm: Realm, jwk: BindingObject): KeyData {
  const part = (scope: Scope, name: string): number => {
    const text: unknown = jwk[name];
    if (typeof text !== 'string') throw invalid('Invalid JWK RSA key');
    const bytes = bytesOf(realm, text, 'base64url');
    // OpenSSL takes the number over.
    return openssl().BN_bin2bn(scope.bytes(bytes), bytes.length, 0);
  };
  const isPrivate = jwk['d'] !== undefined;
  return scoped((scope) => {
    const api = openssl();
    for (const name of isPrivate ? ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] : ['n', 'e'])
      if (typeof jwk[name] !== 'string') throw invalid('Invalid JWK RSA key');
    const rsa = scope.own(api.RSA_new(), (at) => api.RSA_free(at));
    let ok = api.RSA_set0_key(rsa, part(scope, 'n'), part(scope, 'e'), isPrivate ? part(scope, 'd') : 0) === 1;
    if (isPrivate) {
      ok &&= api.RSA_set0_factors(rsa, part(scope, 'p'), part(scope, 'q')) === 1;
      ok &&= api.RSA_set0_crt_params(rsa, part(scope, 'dp'), part(scope, 'dq'), part(scope, 'qi')) === 1;
    }
    if (!ok) throw invalid('Invalid JWK RSA key');
    const key = new PKey(api.EVP_PKEY_new());
    api.EVP_PKEY_set1_RSA(key.at, rsa);
    return { kind: isPrivate ? 'private' : 'public', key };
  });
}

function importEc(realm: Realm, jwk: BindingObject, namedCurve: string | undefined): KeyData {
  const nid = findCurve(namedCurve ?? '');
  if (nid === 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_CURVE', `Invalid EC curve name: ${namedCurve ?? ''}`);
  const isPrivate = jwk['d'] !== undefined;
  if (typeof jwk['x'] !== 'string' || typeof jwk['y'] !== 'string' || (isPrivate && typeof jwk['d'] !== 'string'))
    throw invalid('Invalid JWK EC key');
  return scoped((scope) => {
    const api = openssl();
    const number = (name: string): number => scope.bignum(bytesOf(realm, jwk[name], 'base64url'));
    const ec = scope.own(api.EC_KEY_new_by_curve_name(nid), (at) => api.EC_KEY_free(at));
    const ok =
      api.EC_KEY_set_public_key_affine_coordinates(ec, number('x'), number('y')) === 1 &&
      (!isPrivate || api.EC_KEY_set_private_key(ec, number('d')) === 1);
    if (!ok) throw invalid('Invalid JWK EC key');
    const key = new PKey(api.EVP_PKEY_new());
    api.EVP_PKEY_set1_EC_KEY(key.at, ec);
    return { kind: isPrivate ? 'private' : 'public', key };
  });
}

/** A public EC key from its point; null where the bytes are no point of the curve. */
export function importEcPoint(namedCurve: string, bytes: Uint8Array): PKey | null {
  const nid = findCurve(namedCurve);
  return nid === 0 ? null : ecPublicPoint(nid, bytes);
}
