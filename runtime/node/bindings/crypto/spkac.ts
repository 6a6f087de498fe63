// Netscape's signed public keys, which `crypto.Certificate` reads. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { bioBytes, openssl, scoped, type Scope } from './openssl/library.ts';

const INT_MAX = 0x7fff_ffff;

export function installSpkac(realm: Realm, binding: BindingObject): void {
  const withSpki = <T>(data: unknown, otherwise: T, use: (scope: Scope, spki: number) => T): T =>
    scoped((scope) => {
      const bytes = bytesOf(realm, data);
      if (bytes.length > INT_MAX) throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', 'spkac is too large');
      const spki = scope.own(openssl().NETSCAPE_SPKI_b64_decode(scope.bytes(bytes), bytes.length), (at) =>
        openssl().NETSCAPE_SPKI_free(at),
      );
      return spki === 0 ? otherwise : use(scope, spki);
    });
  const key = (scope: Scope, spki: number): number =>
    scope.own(openssl().NETSCAPE_SPKI_get_pubkey(spki), (at) => openssl().EVP_PKEY_free(at));
  const buffer = (scope: Scope, write: (bio: number) => number): unknown => {
    const bio = scope.sink();
    return write(bio) === 1 ? toBuffer(realm, bioBytes(scope, bio)) : '';
  };
  binding['certVerifySpkac'] = (data: unknown) =>
    withSpki(data, false, (scope, spki) => openssl().NETSCAPE_SPKI_verify(spki, key(scope, spki)) > 0);
  binding['certExportPublicKey'] = (data: unknown) =>
    withSpki<unknown>(data, '', (scope, spki) => {
      const at = key(scope, spki);
      return at === 0 ? '' : buffer(scope, (bio) => openssl().PEM_write_bio_PUBKEY(bio, at));
    });
  binding['certExportChallenge'] = (data: unknown) =>
    withSpki<unknown>(data, '', (scope, spki) => buffer(scope, (bio) => openssl().vk_spkac_challenge(bio, spki)));
}
