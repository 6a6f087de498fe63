// `parseX509` and the handle behind X509Certificate. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { markShareable } from '../messaging/native-handles.ts';
import { bytesOf, toBuffer } from './bytes.ts';
import { encodePoint } from './curves.ts';
import { findDigest } from './digests.ts';
import { opensslError, takeError } from './openssl/errors.ts';
import { bioBytes, bioText, openssl, opensslMemory, scoped } from './openssl/library.ts';
import { makeHandle, PKey, pkeyOf } from './pkey.ts';

/** One name entry a line, `CN=...`, escaped as RFC 2253 says, in UTF-8. */
const NAME_FLAGS = 0x40013;
const MAX_DIGEST_BYTES = 64;
const UNCOMPRESSED = 4;

const abandoned = new FinalizationRegistry<number>((certificate) => openssl().X509_free(certificate));

export function parseX509(realm: Realm, binding: BindingObject): (data: unknown) => object {
  const Certificate = certificateClass(realm, binding);
  return (data) => {
    const bytes = bytesOf(realm, data);
    const at = scoped((scope) => {
      const api = openssl();
      const fromPem = api.PEM_read_bio_X509_AUX(scope.source(bytes), 0, 0, 0);
      if (fromPem !== 0) return fromPem;
      const error = takeError();
      const fromDer = api.d2i_X509(0, scope.word(scope.bytes(bytes)), bytes.length);
      api.ERR_clear_error();
      if (fromDer === 0) throw opensslError(error);
      return fromDer;
    });
    return new Certificate(at);
  };
}

function certificateClass(realm: Realm, binding: BindingObject): new (at: number) => object {
  return class X509Certificate {
    readonly #at: number;

    constructor(at: number) {
      this.#at = at;
      abandoned.register(this, at);
      markShareable(this);
    }

    subject(): string | undefined {
      return this.#name(openssl().X509_get_subject_name(this.#at));
    }

    issuer(): string | undefined {
      return this.#name(openssl().X509_get_issuer_name(this.#at));
    }

    subjectAltName(): string | undefined {
      return this.#printed((bio) => openssl().vk_subject_alt_name(bio, this.#at));
    }

    infoAccess(): string | undefined {
      return this.#printed((bio) => openssl().vk_info_access(bio, this.#at));
    }

    /** Only a certificate from a connection knows its issuer. */
    getIssuerCert(): undefined {}

    validFrom(): string {
      return this.#printed((bio) => openssl().ASN1_TIME_print(bio, openssl().X509_get0_notBefore(this.#at))) ?? '';
    }

    validTo(): string {
      return this.#printed((bio) => openssl().ASN1_TIME_print(bio, openssl().X509_get0_notAfter(this.#at))) ?? '';
    }

    validFromDate(): Date {
      return dateOf(openssl().X509_get0_notBefore(this.#at));
    }

    validToDate(): Date {
      return dateOf(openssl().X509_get0_notAfter(this.#at));
    }

    fingerprint(): string {
      return this.#fingerprint('sha1');
    }

    fingerprint256(): string {
      return this.#fingerprint('sha256');
    }

    fingerprint512(): string {
      return this.#fingerprint('sha512');
    }

    keyUsage(): string[] | undefined {
      return this.#printed((bio) => openssl().vk_key_usage(bio, this.#at))
        ?.split('\n')
        .filter((line) => line !== '');
    }

    serialNumber(): string {
      return scoped((scope) => {
        const api = openssl();
        const number = scope.own(api.ASN1_INTEGER_to_BN(api.X509_get_serialNumber(this.#at), 0), (at) => api.BN_free(at));
        return hexOf(number);
      });
    }

    signatureAlgorithm(): string | undefined {
      const nid = openssl().X509_get_signature_nid(this.#at);
      return nid === 0 ? undefined : opensslMemory().text(openssl().OBJ_nid2ln(nid));
    }

    signatureAlgorithmOid(): string {
      return scoped((scope) => {
        const api = openssl();
        const object = scope.word();
        api.X509_ALGOR_get0(object, 0, 0, api.X509_get0_tbs_sigalg(this.#at));
        const OID_BYTES = 256;
        const out = scope.alloc(OID_BYTES);
        api.OBJ_obj2txt(out, OID_BYTES, opensslMemory().u32(object), 1);
        return opensslMemory().text(out);
      });
    }

    raw(): unknown {
      return scoped((scope) => {
        const bio = scope.sink();
        openssl().i2d_X509_bio(bio, this.#at);
        return toBuffer(realm, bioBytes(scope, bio));
      });
    }

    pem(): string {
      return this.#printed((bio) => openssl().PEM_write_bio_X509(bio, this.#at)) ?? '';
    }

    publicKey(): object {
      return makeHandle(binding, { kind: 'public', key: this.#key() });
    }

    checkCA(): boolean {
      return openssl().vk_is_ca(this.#at) === 1;
    }

    checkHost(name: string, flags: number): string | undefined {
      return scoped((scope) => {
        const api = openssl();
        const peer = scope.word();
        const length = new TextEncoder().encode(name).length;
        const result = api.X509_check_host(this.#at, scope.text(name), length, flags, peer);
        if (result === -2) throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid name');
        if (result !== 1) return undefined;
        const at = scope.own(opensslMemory().u32(peer), (own) => api.CRYPTO_free(own, 0, 0));
        return at === 0 ? name : opensslMemory().text(at);
      });
    }

    checkEmail(email: string, flags: number): string | undefined {
      const length = new TextEncoder().encode(email).length;
      const result = scoped((scope) => openssl().X509_check_email(this.#at, scope.text(email), length, flags));
      if (result === -2) throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid name');
      return result === 1 ? email : undefined;
    }

    checkIP(ip: string, flags: number): string | undefined {
      const result = scoped((scope) => openssl().X509_check_ip_asc(this.#at, scope.text(ip), flags));
      if (result === -2) throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', 'Invalid IP');
      return result === 1 ? ip : undefined;
    }

    checkIssued(other: X509Certificate): boolean {
      return scoped(() => openssl().X509_check_issued(other.#at, this.#at) === 0);
    }

    checkPrivateKey(key: unknown): boolean {
      return scoped(() => openssl().X509_check_private_key(this.#at, pkeyOf(key).at) === 1);
    }

    verify(key: unknown): boolean {
      return scoped(() => openssl().X509_verify(this.#at, pkeyOf(key).at) === 1);
    }

    /** The object that `tls` shows as a peer's certificate. */
    toLegacy(): BindingObject {
      const optional = (name: string, value: unknown): BindingObject => (value === undefined ? {} : { [name]: value });
      return {
        subject: this.#legacyName(openssl().X509_get_subject_name(this.#at)),
        issuer: this.#legacyName(openssl().X509_get_issuer_name(this.#at)),
        ...optional('subjectaltname', this.subjectAltName()),
        ...optional('infoAccess', this.infoAccess()),
        ca: this.checkCA(),
        ...this.#legacyKey(),
        valid_from: this.validFrom(),
        valid_to: this.validTo(),
        fingerprint: this.fingerprint(),
        fingerprint256: this.fingerprint256(),
        fingerprint512: this.fingerprint512(),
        ...optional('ext_key_usage', this.keyUsage()),
        serialNumber: this.serialNumber(),
        raw: this.raw(),
      };
    }

    #key(): PKey {
      return scoped(() => {
        const at = openssl().X509_get_pubkey(this.#at);
        if (at === 0) throw opensslError(takeError());
        return new PKey(at);
      });
    }

    #name(name: number): string | undefined {
      return this.#printed((bio) => (openssl().X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) > 0 ? 1 : 0)) || undefined;
    }

    #printed(write: (bio: number) => number): string | undefined {
      return scoped((scope) => {
        const bio = scope.sink();
        return write(bio) === 1 ? bioText(scope, bio) : undefined;
      });
    }

    #fingerprint(name: string): string {
      return scoped((scope) => {
        const [out, length] = [scope.alloc(MAX_DIGEST_BYTES), scope.word()];
        openssl().X509_digest(this.#at, findDigest(name), out, length);
        const bytes = opensslMemory().copy(out, opensslMemory().u32(length));
        return [...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
      });
    }

    #legacyName(name: number): BindingObject {
      const made: BindingObject = Object.create(null) as BindingObject;
      const count = openssl().X509_NAME_entry_count(name);
      for (let index = 0; index < count; index++) {
        const text = this.#printed((bio) => openssl().vk_name_entry(bio, name, index)) ?? '';
        const end = text.indexOf('\n');
        const [key, value] = [text.slice(0, end), text.slice(end + 1)];
        const known: unknown = made[key];
        if (known === undefined) made[key] = value;
        else if (Array.isArray(known)) known.push(value);
        else made[key] = [known, value];
      }
      return made;
    }

    #legacyKey(): BindingObject {
      const key = this.#key();
      return scoped((scope) => {
        const api = openssl();
        if (key.isRsa) {
          const [n, e] = [scope.word(), scope.word()];
          const rsa = api.EVP_PKEY_get0_RSA(key.at);
          api.RSA_get0_key(rsa, n, e, 0);
          const modulus = opensslMemory().u32(n);
          const exponent = api.BN_get_word(opensslMemory().u32(e)) >>> 0;
          const der = scope.sink();
          api.i2d_PUBKEY_bio(der, key.at);
          return {
            modulus: hexOf(modulus),
            bits: api.BN_num_bits(modulus),
            exponent: `0x${exponent.toString(16)}`,
            pubkey: toBuffer(realm, bioBytes(scope, der)),
          };
        }
        if (key.type !== 'ec') return {};
        const ec = api.EVP_PKEY_get0_EC_KEY(key.at);
        const group = api.EC_KEY_get0_group(ec);
        const point = encodePoint(scope, group, api.EC_KEY_get0_public_key(ec), UNCOMPRESSED);
        const nid = api.EC_GROUP_get_curve_name(group);
        const curve = opensslMemory().text(api.OBJ_nid2sn(nid));
        const nist = NIST_CURVES[curve];
        return {
          bits: api.EC_GROUP_order_bits(group),
          ...(point === null ? {} : { pubkey: toBuffer(realm, point) }),
          asn1Curve: curve,
          ...(nist === undefined ? {} : { nistCurve: nist }),
        };
      });
    }
  };
}

const NIST_CURVES: Readonly<Record<string, string>> = {
  prime192v1: 'P-192',
  secp224r1: 'P-224',
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function hexOf(number: number): string {
  const api = openssl();
  const at = api.BN_bn2hex(number);
  const text = opensslMemory().text(at);
  api.CRYPTO_free(at, 0, 0);
  return text;
}

/** `struct tm` on WASI: nine ints; the time is UTC. */
function dateOf(time: number): Date {
  const TM_BYTES = 64;
  return scoped((scope) => {
    const at = scope.alloc(TM_BYTES);
    openssl().ASN1_TIME_to_tm(time, at);
    const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = [0, 4, 8, 12, 16, 20].map((offset) =>
      opensslMemory().i32(at + offset),
    );
    return new Date(Date.UTC(year + 1900, month, day, hour, minute, second));
  });
}
