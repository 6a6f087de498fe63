// Elliptic curves by name, and points on them. Runs in the process worker.
import { bioLines, openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import { PKey } from './pkey.ts';

let names: string[] | null = null;

export function curveNames(): string[] {
  return [...(names ??= bioLines((bio) => openssl().vk_curve_names(bio)))];
}

/** OpenSSL's number of a curve, by NIST's name or its own; 0 when there is none. */
export function findCurve(name: string): number {
  return scoped((scope) => {
    const text = scope.text(name);
    return openssl().EC_curve_nist2nid(text) || openssl().OBJ_sn2nid(text);
  });
}

/** A point from its encoding, 0 when it is not on the curve. The scope owns it. */
export function decodePoint(scope: Scope, group: number, bytes: Uint8Array): number {
  const api = openssl();
  const point = scope.own(api.EC_POINT_new(group), (at) => api.EC_POINT_free(at));
  return api.EC_POINT_oct2point(group, point, scope.bytes(bytes), bytes.length, 0) === 1 ? point : 0;
}

export function encodePoint(scope: Scope, group: number, point: number, form: number): Uint8Array<ArrayBuffer> | null {
  const api = openssl();
  const size = api.EC_POINT_point2oct(group, point, form, 0, 0, 0);
  if (size === 0) return null;
  const out = scope.alloc(size);
  return api.EC_POINT_point2oct(group, point, form, out, size, 0) === 0 ? null : opensslMemory().copy(out, size);
}

export function ecPublicPoint(nid: number, bytes: Uint8Array): PKey | null {
  return scoped((scope) => {
    const api = openssl();
    const ec = scope.own(api.EC_KEY_new_by_curve_name(nid), (at) => api.EC_KEY_free(at));
    const point = ec === 0 ? 0 : decodePoint(scope, api.EC_KEY_get0_group(ec), bytes);
    if (point === 0 || api.EC_KEY_set_public_key(ec, point) !== 1) return null;
    const key = new PKey(api.EVP_PKEY_new());
    api.EVP_PKEY_set1_EC_KEY(key.at, ec);
    return key;
  });
}
