// The named groups of RFC 2409 and RFC 3526. Runs in the process worker.
import { openssl } from './openssl/library.ts';

/** A new prime, owned by the caller; every group's generator is 2. */
type MakePrime = () => number;

const groups: Readonly<Record<string, MakePrime>> = {
  modp1: () => openssl().BN_get_rfc2409_prime_768(0),
  modp2: () => openssl().BN_get_rfc2409_prime_1024(0),
  modp5: () => openssl().BN_get_rfc3526_prime_1536(0),
  modp14: () => openssl().BN_get_rfc3526_prime_2048(0),
  modp15: () => openssl().BN_get_rfc3526_prime_3072(0),
  modp16: () => openssl().BN_get_rfc3526_prime_4096(0),
  modp17: () => openssl().BN_get_rfc3526_prime_6144(0),
  modp18: () => openssl().BN_get_rfc3526_prime_8192(0),
};

export function dhGroupPrime(name: string): MakePrime | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(groups, key) ? groups[key] : undefined;
}
