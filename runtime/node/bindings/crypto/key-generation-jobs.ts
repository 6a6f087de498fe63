// Jobs that make key pairs. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf } from './bytes.ts';
import { findCurve } from './curves.ts';
import { dhGroupPrime } from './dh-groups.ts';
import { digestOrThrow } from './digests.ts';
import type { Operation } from './job-class.ts';
import { type KeyEncoding, KeyWriter } from './key-export.ts';
import { jobError } from './openssl/errors.ts';
import { openssl, opensslMemory, scoped, type Scope } from './openssl/library.ts';
import { PKey } from './pkey.ts';

const EVP_PKEY_RSA = 6;
const EVP_PKEY_RSA_PSS = 912;
const EVP_PKEY_DSA = 116;
const EVP_PKEY_DH = 28;
const EVP_PKEY_EC = 408;

/** The last six arguments of every key job. */
type EncodingArguments = [
  publicFormat: number | undefined,
  publicType: number | undefined,
  privateFormat: number | undefined,
  privateType: number | undefined,
  cipher: string | null | undefined,
  passphrase: unknown,
];

export function keyGenerationJobs(realm: Realm, binding: BindingObject): Record<string, Operation> {
  const writer = new KeyWriter(realm, binding);
  const pair = (encoding: EncodingArguments, generate: (scope: Scope) => number): (() => unknown) => {
    const [publicFormat, publicType, privateFormat, privateType, cipher, passphrase] = encoding;
    const secret = passphrase === undefined || passphrase === null ? undefined : new Uint8Array(bytesOf(realm, passphrase));
    const privateEncoding: KeyEncoding = { format: privateFormat, type: privateType, cipher, passphrase: secret };
    return () => {
      const key = scoped((scope) => {
        const at = generate(scope);
        if (at === 0) throw jobError();
        return new PKey(at);
      });
      return [
        writer.encode({ kind: 'public', key }, { format: publicFormat, type: publicType }),
        writer.encode({ kind: 'private', key }, privateEncoding),
      ];
    };
  };
  return {
    RsaKeyPairGenJob: (variant: number, bits: number, exponent: number, ...rest: unknown[]) => {
      const isPss = variant === binding['kKeyVariantRSA_PSS'];
      const pss = isPss ? preparePss(rest.splice(0, 3) as [string?, string?, number?]) : () => true;
      const type = isPss ? EVP_PKEY_RSA_PSS : EVP_PKEY_RSA;
      return pair(rest as EncodingArguments, (scope) =>
        generateKey(scope, newContext(scope, type), (context) => {
          const api = openssl();
          if (api.EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) <= 0) return false;
          const number = scope.own(api.BN_new(), (at) => api.BN_free(at));
          api.BN_set_word(number, exponent);
          return api.EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, number) > 0 && pss(context);
        }),
      );
    },
    EcKeyPairGenJob: (curve: string, encoding: number, ...rest: unknown[]) => {
      const nid = findCurve(curve);
      if (nid === 0) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
      return pair(rest as EncodingArguments, (scope) => {
        const api = openssl();
        const parameters = generateParameters(
          scope,
          EVP_PKEY_EC,
          (context) =>
            api.EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, nid) > 0 && api.EVP_PKEY_CTX_set_ec_param_enc(context, encoding) > 0,
        );
        return parameters === 0 ? 0 : generateKey(scope, keyContext(scope, parameters), () => true);
      });
    },
    NidKeyPairGenJob: (nid: number, ...rest: unknown[]) =>
      pair(rest as EncodingArguments, (scope) => {
        const name = opensslMemory().text(openssl().OBJ_nid2ln(nid));
        const context = openssl().EVP_PKEY_CTX_new_from_name(0, scope.text(name), 0);
        return generateKey(
          scope,
          scope.own(context, (at) => openssl().EVP_PKEY_CTX_free(at)),
          () => true,
        );
      }),
    DsaKeyPairGenJob: (bits: number, divisorBits: number, ...rest: unknown[]) =>
      pair(rest as EncodingArguments, (scope) => {
        const api = openssl();
        const parameters = generateParameters(
          scope,
          EVP_PKEY_DSA,
          (context) =>
            api.EVP_PKEY_CTX_set_dsa_paramgen_bits(context, bits) > 0 &&
            (divisorBits === -1 || api.EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context, divisorBits) > 0),
        );
        return parameters === 0 ? 0 : generateKey(scope, keyContext(scope, parameters), () => true);
      }),
    DhKeyPairGenJob: (source: unknown, ...rest: unknown[]) => {
      if (typeof source === 'string') {
        const prime = dhGroupPrime(source);
        if (prime === undefined) throw nodeError(Error, 'ERR_CRYPTO_UNKNOWN_DH_GROUP', 'Unknown DH group');
        return pair(rest as EncodingArguments, (scope) => generateDh(scope, prime(), 2));
      }
      const generator = rest.shift() as number;
      if (typeof source === 'number') {
        return pair(rest as EncodingArguments, (scope) => {
          const api = openssl();
          const parameters = generateParameters(
            scope,
            EVP_PKEY_DH,
            (context) =>
              api.EVP_PKEY_CTX_set_dh_paramgen_prime_len(context, source) > 0 &&
              api.EVP_PKEY_CTX_set_dh_paramgen_generator(context, generator) > 0,
          );
          return parameters === 0 ? 0 : generateKey(scope, keyContext(scope, parameters), () => true);
        });
      }
      const bytes = new Uint8Array(bytesOf(realm, source));
      return pair(rest as EncodingArguments, (scope) =>
        generateDh(scope, openssl().BN_bin2bn(scope.bytes(bytes), bytes.length, 0), generator),
      );
    },
  };
}

function preparePss([hash, mgf1Hash, saltLength]: [hash?: string, mgf1Hash?: string, saltLength?: number]): (context: number) => boolean {
  const digest = hash === undefined ? 0 : digestOrThrow(hash);
  const mgf1 = mgf1Hash === undefined ? digest : digestOrThrow(mgf1Hash, 'Invalid MGF1 digest');
  return (context) => {
    const api = openssl();
    if (digest !== 0 && api.EVP_PKEY_CTX_set_rsa_pss_keygen_md(context, digest) <= 0) return false;
    if (mgf1 !== 0 && api.EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context, mgf1) <= 0) return false;
    const salt = saltLength ?? (digest === 0 ? undefined : api.EVP_MD_get_size(digest));
    return salt === undefined || salt < 0 || api.EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(context, salt) > 0;
  };
}

function newContext(scope: Scope, type: number): number {
  return scope.own(openssl().EVP_PKEY_CTX_new_id(type, 0), (at) => openssl().EVP_PKEY_CTX_free(at));
}

function keyContext(scope: Scope, key: number): number {
  return scope.own(openssl().EVP_PKEY_CTX_new(key, 0), (at) => openssl().EVP_PKEY_CTX_free(at));
}

/** A new key, 0 when OpenSSL refused. */
function generateKey(scope: Scope, context: number, configure: (context: number) => boolean): number {
  const api = openssl();
  if (context === 0 || api.EVP_PKEY_keygen_init(context) <= 0 || !configure(context)) return 0;
  const out = scope.word();
  return api.EVP_PKEY_keygen(context, out) <= 0 ? 0 : opensslMemory().u32(out);
}

/** Parameters for keys of that type; the scope owns them. */
function generateParameters(scope: Scope, type: number, configure: (context: number) => boolean): number {
  const api = openssl();
  const context = newContext(scope, type);
  if (api.EVP_PKEY_paramgen_init(context) <= 0 || !configure(context)) return 0;
  const out = scope.word();
  if (api.EVP_PKEY_paramgen(context, out) <= 0) return 0;
  return scope.own(opensslMemory().u32(out), (at) => api.EVP_PKEY_free(at));
}

/** A Diffie-Hellman key over a prime that OpenSSL takes over. */
function generateDh(scope: Scope, prime: number, generator: number): number {
  const api = openssl();
  const dh = scope.own(api.DH_new(), (at) => api.DH_free(at));
  const g = api.BN_new();
  api.BN_set_word(g, generator);
  if (api.DH_set0_pqg(dh, prime, 0, g) !== 1) return 0;
  const parameters = scope.own(api.EVP_PKEY_new(), (at) => api.EVP_PKEY_free(at));
  api.EVP_PKEY_set1_DH(parameters, dh);
  return generateKey(scope, keyContext(scope, parameters), () => true);
}
