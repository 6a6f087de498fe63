// What the bindings cannot say through OpenSSL's exported functions: callbacks, macros, parameter lists and structure
// members. Compiled into libcrypto.wasm beside OpenSSL itself; see build.sh. No Node source: written for these bindings.
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

// WASI has no chmod; OpenSSL calls it for seed files, which nobody writes here.
int chmod(const char *path, mode_t mode) {
  (void)path;
  (void)mode;
  return -1;
}

// Names, one a line, into a memory BIO.

static void add_digest(const EVP_MD *md, const char *from, const char *to, void *bio) {
  (void)to;
  if (md == NULL) return;
  EVP_MD *fetched = EVP_MD_fetch(NULL, EVP_MD_get0_name(md), NULL);
  if (fetched == NULL) return;
  EVP_MD_free(fetched);
  BIO_puts(bio, from);
  BIO_puts(bio, "\n");
}

static void add_cipher(const EVP_CIPHER *cipher, const char *from, const char *to, void *bio) {
  (void)to;
  if (cipher == NULL) return;
  EVP_CIPHER *fetched = EVP_CIPHER_fetch(NULL, EVP_CIPHER_get0_name(cipher), NULL);
  if (fetched == NULL) return;
  EVP_CIPHER_free(fetched);
  BIO_puts(bio, from);
  BIO_puts(bio, "\n");
}

void vk_digest_names(BIO *bio) { EVP_MD_do_all_sorted(add_digest, bio); }

void vk_cipher_names(BIO *bio) { EVP_CIPHER_do_all_sorted(add_cipher, bio); }

void vk_curve_names(BIO *bio) {
  EC_builtin_curve curves[128];
  size_t count = EC_get_builtin_curves(curves, 128);
  for (size_t i = 0; i < count; i++) {
    BIO_puts(bio, OBJ_nid2sn(curves[i].nid));
    BIO_puts(bio, "\n");
  }
}

// Private keys: the pass phrase is handed over by callback. A missing one makes OpenSSL say PEM_R_BAD_PASSWORD_READ.

typedef struct {
  const char *bytes;
  int length;
} passphrase;

static int give_passphrase(char *out, int size, int writing, void *data) {
  (void)writing;
  const passphrase *given = data;
  if (given == NULL || given->bytes == NULL) return -1;
  if (given->length > size) return -1;
  memcpy(out, given->bytes, given->length);
  return given->length;
}

EVP_PKEY *vk_read_pem_private(BIO *bio, const char *bytes, int length) {
  passphrase given = {bytes, length};
  return PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &given);
}

EVP_PKEY *vk_read_encrypted_pkcs8(BIO *bio, const char *bytes, int length) {
  passphrase given = {bytes, length};
  return d2i_PKCS8PrivateKey_bio(bio, NULL, give_passphrase, &given);
}

// Key derivation and MACs that take parameter lists.

int vk_hkdf(const char *digest, const void *key, size_t key_length, const void *salt, size_t salt_length, const void *info,
            size_t info_length, unsigned char *out, size_t out_length) {
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
  EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_length),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_length),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_length),
      OSSL_PARAM_construct_end(),
  };
  int ok = EVP_KDF_derive(context, out, out_length, params);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return ok;
}

int vk_argon2(const char *kind, const void *message, size_t message_length, const void *nonce, size_t nonce_length, uint32_t lanes,
              uint32_t memory_kib, uint32_t passes, const void *secret, size_t secret_length, const void *associated,
              size_t associated_length, unsigned char *out, size_t out_length) {
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, kind, NULL);
  EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
  uint32_t threads = 1;
  OSSL_PARAM params[10], *next = params;
  *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)message, message_length);
  *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)nonce, nonce_length);
  *next++ = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_LANES, &lanes);
  *next++ = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_THREADS, &threads);
  *next++ = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_MEMCOST, &memory_kib);
  *next++ = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &passes);
  if (secret_length > 0) *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)secret, secret_length);
  if (associated_length > 0) *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_ARGON2_AD, (void *)associated, associated_length);
  *next = OSSL_PARAM_construct_end();
  int ok = EVP_KDF_derive(context, out, out_length, params);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return ok;
}

int vk_kmac(const char *kind, const unsigned char *key, size_t key_length, const void *custom, size_t custom_length,
            const unsigned char *data, size_t data_length, unsigned char *out, size_t out_length) {
  EVP_MAC *mac = EVP_MAC_fetch(NULL, kind, NULL);
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
  OSSL_PARAM params[3], *next = params;
  *next++ = OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &out_length);
  if (custom_length > 0) *next++ = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_CUSTOM, (void *)custom, custom_length);
  *next = OSSL_PARAM_construct_end();
  size_t written = 0;
  int ok = EVP_MAC_init(context, key, key_length, params) && EVP_MAC_update(context, data, data_length) &&
           EVP_MAC_final(context, out, &written, out_length);
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
  return ok;
}

// Signatures with a context string (Ed448, ML-DSA, SLH-DSA); Ed25519 takes the variant's name.

static void context_params(OSSL_PARAM *params, const char *instance, const void *context, size_t context_length) {
  if (instance != NULL) *params++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_INSTANCE, (char *)instance, 0);
  *params++ = OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_CONTEXT_STRING, (void *)context, context_length);
  *params = OSSL_PARAM_construct_end();
}

int vk_sign_init_with_context(EVP_MD_CTX *md, EVP_PKEY_CTX **pkey_context, EVP_PKEY *key, const char *instance, const void *context,
                              size_t context_length) {
  OSSL_PARAM params[3];
  context_params(params, instance, context, context_length);
  return EVP_DigestSignInit_ex(md, pkey_context, NULL, NULL, NULL, key, params);
}

int vk_verify_init_with_context(EVP_MD_CTX *md, EVP_PKEY_CTX **pkey_context, EVP_PKEY *key, const char *instance, const void *context,
                                size_t context_length) {
  OSSL_PARAM params[3];
  context_params(params, instance, context, context_length);
  return EVP_DigestVerifyInit_ex(md, pkey_context, NULL, NULL, NULL, key, params);
}

/** A private key of a post-quantum algorithm from its seed. */
EVP_PKEY *vk_key_from_seed(const char *name, const void *seed, size_t seed_length, const char *parameter) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(parameter, (void *)seed, seed_length),
      OSSL_PARAM_construct_end(),
  };
  EVP_PKEY *key = NULL;
  if (EVP_PKEY_fromdata_init(context) <= 0 || EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) <= 0) key = NULL;
  EVP_PKEY_CTX_free(context);
  return key;
}

/** The parameters of an RSA-PSS key: NIDs and salt length; 0 when it has none. */
int vk_pss_params(const EVP_PKEY *key, int *hash, int *mgf1_hash, int *salt_length) {
  const RSA *rsa = EVP_PKEY_get0_RSA(key);
  const RSA_PSS_PARAMS *params = rsa == NULL ? NULL : RSA_get0_pss_params(rsa);
  if (params == NULL) return 0;
  *hash = NID_sha1;
  *mgf1_hash = NID_sha1;
  *salt_length = 20;
  const ASN1_OBJECT *object;
  if (params->hashAlgorithm != NULL) {
    X509_ALGOR_get0(&object, NULL, NULL, params->hashAlgorithm);
    *hash = OBJ_obj2nid(object);
  }
  if (params->maskGenAlgorithm != NULL) {
    X509_ALGOR_get0(&object, NULL, NULL, params->maskGenAlgorithm);
    if (OBJ_obj2nid(object) == NID_mgf1) {
      X509_ALGOR_get0(&object, NULL, NULL, params->maskHash);
      *mgf1_hash = OBJ_obj2nid(object);
    }
  }
  if (params->saltLength != NULL) *salt_length = (int)ASN1_INTEGER_get(params->saltLength);
  return 1;
}

// Names in certificates, in the quoting that Node documents: values that could be mistaken for separators are JSON strings.

static int is_safe_name(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    switch (text[i]) {
      case '"':
      case '\\':
      case ',':
      case '\'':
        return 0;
      default:
        if (text[i] < ' ' || text[i] > '~') return 0;
    }
  }
  return 1;
}

static void print_quoted(BIO *out, const char *text, size_t length, int is_utf8, const char *prefix) {
  int safe = is_safe_name(text, length);
  if (safe) {
    if (prefix != NULL) BIO_printf(out, "%s:", prefix);
    BIO_write(out, text, (int)length);
    return;
  }
  BIO_puts(out, "\"");
  if (prefix != NULL) BIO_printf(out, "%s:", prefix);
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (c == '\\') {
      BIO_puts(out, "\\\\");
    } else if (c == '"') {
      BIO_puts(out, "\\\"");
    } else if ((c >= ' ' && c != ',' && c <= '~') || (is_utf8 && (c & 0x80))) {
      BIO_write(out, &c, 1);
    } else {
      BIO_printf(out, "\\u00%02x", (unsigned char)c);
    }
  }
  BIO_puts(out, "\"");
}

static void print_general_name(BIO *out, const GENERAL_NAME *name) {
  switch (name->type) {
    case GEN_DNS:
      BIO_puts(out, "DNS:");
      print_quoted(out, (const char *)name->d.dNSName->data, name->d.dNSName->length, 0, NULL);
      break;
    case GEN_EMAIL:
      BIO_puts(out, "email:");
      print_quoted(out, (const char *)name->d.rfc822Name->data, name->d.rfc822Name->length, 0, NULL);
      break;
    case GEN_URI:
      BIO_puts(out, "URI:");
      print_quoted(out, (const char *)name->d.uniformResourceIdentifier->data, name->d.uniformResourceIdentifier->length, 0, NULL);
      break;
    case GEN_DIRNAME: {
      BIO_puts(out, "DirName:");
      BIO *copy = BIO_new(BIO_s_mem());
      X509_NAME_print_ex(copy, name->d.dirn, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
      char *text = NULL;
      long length = BIO_get_mem_data(copy, &text);
      print_quoted(out, text, length, 1, NULL);
      BIO_free_all(copy);
      break;
    }
    case GEN_IPADD: {
      BIO_puts(out, "IP Address:");
      const ASN1_OCTET_STRING *ip = name->d.ip;
      const unsigned char *b = ip->data;
      if (ip->length == 4) {
        BIO_printf(out, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
      } else if (ip->length == 16) {
        for (int j = 0; j < 8; j++) BIO_printf(out, j == 0 ? "%X" : ":%X", (unsigned)((b[2 * j] << 8) | b[2 * j + 1]));
      } else {
        BIO_printf(out, "<invalid length=%d>", ip->length);
      }
      break;
    }
    case GEN_RID: {
      char oid[256];
      OBJ_obj2txt(oid, sizeof(oid), name->d.rid, 1);
      BIO_printf(out, "Registered ID:%s", oid);
      break;
    }
    case GEN_OTHERNAME: {
      const char *prefix = NULL;
      int is_utf8 = 0;
      const ASN1_STRING *string = NULL;
      int nid = OBJ_obj2nid(name->d.otherName->type_id);
      const ASN1_TYPE *value = name->d.otherName->value;
      if (nid == NID_id_on_SmtpUTF8Mailbox && value->type == V_ASN1_UTF8STRING) {
        prefix = "SmtpUTF8Mailbox", is_utf8 = 1, string = value->value.utf8string;
      } else if (nid == NID_XmppAddr && value->type == V_ASN1_UTF8STRING) {
        prefix = "XmppAddr", is_utf8 = 1, string = value->value.utf8string;
      } else if (nid == NID_SRVName && value->type == V_ASN1_IA5STRING) {
        prefix = "SRVName", string = value->value.ia5string;
      } else if (nid == NID_ms_upn && value->type == V_ASN1_UTF8STRING) {
        prefix = "UPN", is_utf8 = 1, string = value->value.utf8string;
      } else if (nid == NID_NAIRealm && value->type == V_ASN1_UTF8STRING) {
        prefix = "NAIRealm", is_utf8 = 1, string = value->value.utf8string;
      }
      BIO_puts(out, "othername:");
      if (string == NULL) BIO_puts(out, "<unsupported>");
      else print_quoted(out, (const char *)string->data, string->length, is_utf8, prefix);
      break;
    }
    case GEN_X400:
      BIO_puts(out, "X400Name:<unsupported>");
      break;
    case GEN_EDIPARTY:
      BIO_puts(out, "EdiPartyName:<unsupported>");
      break;
    default:
      BIO_puts(out, "<unsupported>");
  }
}

int vk_subject_alt_name(BIO *out, X509 *cert) {
  GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
  if (names == NULL) return 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    if (i > 0) BIO_puts(out, ", ");
    print_general_name(out, sk_GENERAL_NAME_value(names, i));
  }
  GENERAL_NAMES_free(names);
  return 1;
}

int vk_info_access(BIO *out, X509 *cert) {
  AUTHORITY_INFO_ACCESS *descriptions = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
  if (descriptions == NULL) return 0;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(descriptions); i++) {
    const ACCESS_DESCRIPTION *description = sk_ACCESS_DESCRIPTION_value(descriptions, i);
    if (i > 0) BIO_puts(out, "\n");
    char method[80];
    i2t_ASN1_OBJECT(method, sizeof(method), description->method);
    BIO_printf(out, "%s - ", method);
    print_general_name(out, description->location);
  }
  BIO_puts(out, "\n");
  AUTHORITY_INFO_ACCESS_free(descriptions);
  return 1;
}

/** Extended key usages as dotted object identifiers, one a line. */
int vk_key_usage(BIO *out, X509 *cert) {
  EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
  if (usages == NULL) return 0;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
    char oid[256];
    if (OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usages, i), 1) >= 0) BIO_printf(out, "%s\n", oid);
  }
  EXTENDED_KEY_USAGE_free(usages);
  return 1;
}

/** One X509 name entry: its short name and value, for the legacy object. */
int vk_name_entry(BIO *out, const X509_NAME *name, int index) {
  const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, index);
  const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
  int nid = OBJ_obj2nid(object);
  char oid[80];
  if (nid == NID_undef) {
    OBJ_obj2txt(oid, sizeof(oid), object, 1);
    BIO_printf(out, "%s\n", oid);
  } else {
    BIO_printf(out, "%s\n", OBJ_nid2sn(nid));
  }
  unsigned char *text = NULL;
  int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
  if (length < 0) return 0;
  BIO_write(out, text, length);
  OPENSSL_free(text);
  return 1;
}

/** The flag `ca` of a certificate; X509_check_ca answers more than that. */
int vk_is_ca(X509 *cert) { return X509_check_ca(cert) == 1; }

long vk_bio_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

/** The challenge of a signed public key, as UTF-8. */
int vk_spkac_challenge(BIO *out, const NETSCAPE_SPKI *spki) {
  unsigned char *text = NULL;
  int length = ASN1_STRING_to_UTF8(&text, spki->spkac->challenge);
  if (length < 0) return 0;
  BIO_write(out, text, length);
  OPENSSL_free(text);
  return 1;
}
