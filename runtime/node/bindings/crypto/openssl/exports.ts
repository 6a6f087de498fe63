// The functions of libcrypto.wasm that the bindings call: OpenSSL's own by name, ours with `vk_`. Pointers, sizes and flags
// are numbers, 64-bit integers bigints. native/build.sh reads this list: what is not here is not in the artifact. Table.

type Pointer = number;

export interface Libcrypto {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(sizeBytes: number): Pointer;
  free(at: Pointer): void;
  CRYPTO_free(at: Pointer, file: Pointer, line: number): void;
  CRYPTO_memcmp(a: Pointer, b: Pointer, length: number): number;

  // Errors
  ERR_get_error(): number;
  ERR_peek_error(): number;
  ERR_peek_last_error(): number;
  ERR_clear_error(): void;
  ERR_error_string_n(error: number, out: Pointer, size: number): void;
  ERR_lib_error_string(error: number): Pointer;
  ERR_reason_error_string(error: number): Pointer;

  // Memory BIOs
  BIO_new(method: Pointer): Pointer;
  BIO_s_mem(): Pointer;
  BIO_new_mem_buf(bytes: Pointer, length: number): Pointer;
  BIO_free_all(bio: Pointer): void;
  vk_bio_data(bio: Pointer, data: Pointer): number;

  // Names
  vk_digest_names(bio: Pointer): void;
  vk_cipher_names(bio: Pointer): void;
  vk_curve_names(bio: Pointer): void;
  OBJ_nid2sn(nid: number): Pointer;
  OBJ_nid2ln(nid: number): Pointer;
  OBJ_sn2nid(name: Pointer): number;
  OBJ_txt2nid(name: Pointer): number;
  OBJ_obj2nid(object: Pointer): number;
  OBJ_obj2txt(out: Pointer, size: number, object: Pointer, noName: number): number;
  EC_curve_nist2nid(name: Pointer): number;

  // Big numbers
  BN_new(): Pointer;
  BN_free(number: Pointer): void;
  BN_clear_free(number: Pointer): void;
  BN_bin2bn(bytes: Pointer, length: number, into: Pointer): Pointer;
  BN_bn2bin(number: Pointer, out: Pointer): number;
  BN_bn2binpad(number: Pointer, out: Pointer, length: number): number;
  BN_num_bits(number: Pointer): number;
  BN_set_word(number: Pointer, word: number): number;
  BN_get_word(number: Pointer): number;
  BN_cmp(a: Pointer, b: Pointer): number;
  BN_dup(number: Pointer): Pointer;
  BN_bn2hex(number: Pointer): Pointer;
  BN_is_negative(number: Pointer): number;
  BN_generate_prime_ex(out: Pointer, bits: number, safe: number, add: Pointer, remainder: Pointer, callback: Pointer): number;
  BN_check_prime(number: Pointer, context: Pointer, callback: Pointer): number;

  // Digests and MACs
  EVP_get_digestbyname(name: Pointer): Pointer;
  EVP_MD_fetch(library: Pointer, name: Pointer, properties: Pointer): Pointer;
  EVP_MD_get_size(digest: Pointer): number;
  EVP_MD_get_block_size(digest: Pointer): number;
  EVP_MD_get_flags(digest: Pointer): number;
  EVP_MD_get_type(digest: Pointer): number;
  EVP_MD_get0_name(digest: Pointer): Pointer;
  EVP_MD_CTX_new(): Pointer;
  EVP_MD_CTX_free(context: Pointer): void;
  EVP_MD_CTX_copy_ex(to: Pointer, from: Pointer): number;
  EVP_DigestInit_ex(context: Pointer, digest: Pointer, engine: Pointer): number;
  EVP_DigestUpdate(context: Pointer, data: Pointer, length: number): number;
  EVP_DigestFinal_ex(context: Pointer, out: Pointer, length: Pointer): number;
  EVP_DigestFinalXOF(context: Pointer, out: Pointer, length: number): number;
  HMAC_CTX_new(): Pointer;
  HMAC_CTX_free(context: Pointer): void;
  HMAC_Init_ex(context: Pointer, key: Pointer, length: number, digest: Pointer, engine: Pointer): number;
  HMAC_Update(context: Pointer, data: Pointer, length: number): number;
  HMAC_Final(context: Pointer, out: Pointer, length: Pointer): number;

  // Key derivation
  PKCS5_PBKDF2_HMAC(
    password: Pointer,
    passwordLength: number,
    salt: Pointer,
    saltLength: number,
    iterations: number,
    digest: Pointer,
    length: number,
    out: Pointer,
  ): number;
  EVP_PBE_scrypt(
    password: Pointer,
    passwordLength: number,
    salt: Pointer,
    saltLength: number,
    n: bigint,
    r: bigint,
    p: bigint,
    maxMemory: bigint,
    out: Pointer,
    length: number,
  ): number;
  vk_hkdf(
    digest: Pointer,
    key: Pointer,
    keyLength: number,
    salt: Pointer,
    saltLength: number,
    info: Pointer,
    infoLength: number,
    out: Pointer,
    length: number,
  ): number;
  vk_argon2(
    kind: Pointer,
    message: Pointer,
    messageLength: number,
    nonce: Pointer,
    nonceLength: number,
    lanes: number,
    memoryKib: number,
    passes: number,
    secret: Pointer,
    secretLength: number,
    associated: Pointer,
    associatedLength: number,
    out: Pointer,
    length: number,
  ): number;
  vk_kmac(
    kind: Pointer,
    key: Pointer,
    keyLength: number,
    custom: Pointer,
    customLength: number,
    data: Pointer,
    dataLength: number,
    out: Pointer,
    length: number,
  ): number;

  // Ciphers
  EVP_get_cipherbyname(name: Pointer): Pointer;
  EVP_CIPHER_get_nid(cipher: Pointer): number;
  EVP_CIPHER_get_flags(cipher: Pointer): number;
  EVP_CIPHER_get_block_size(cipher: Pointer): number;
  EVP_CIPHER_get_key_length(cipher: Pointer): number;
  EVP_CIPHER_get_iv_length(cipher: Pointer): number;
  EVP_CIPHER_get0_name(cipher: Pointer): Pointer;
  EVP_CIPHER_CTX_new(): Pointer;
  EVP_CIPHER_CTX_free(context: Pointer): void;
  EVP_CIPHER_CTX_set_flags(context: Pointer, flags: number): void;
  EVP_CIPHER_CTX_set_key_length(context: Pointer, length: number): number;
  EVP_CIPHER_CTX_get_key_length(context: Pointer): number;
  EVP_CIPHER_CTX_get_iv_length(context: Pointer): number;
  EVP_CIPHER_CTX_set_padding(context: Pointer, isOn: number): number;
  EVP_CIPHER_CTX_ctrl(context: Pointer, command: number, argument: number, pointer: Pointer): number;
  EVP_CIPHER_CTX_get_block_size(context: Pointer): number;
  EVP_CipherInit_ex(context: Pointer, cipher: Pointer, engine: Pointer, key: Pointer, iv: Pointer, encrypts: number): number;
  EVP_CipherUpdate(context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number): number;
  EVP_CipherFinal_ex(context: Pointer, out: Pointer, outLength: Pointer): number;

  // Keys
  EVP_PKEY_new(): Pointer;
  EVP_PKEY_free(key: Pointer): void;
  EVP_PKEY_up_ref(key: Pointer): number;
  EVP_PKEY_get_id(key: Pointer): number;
  EVP_PKEY_get_base_id(key: Pointer): number;
  EVP_PKEY_get_bits(key: Pointer): number;
  EVP_PKEY_get_size(key: Pointer): number;
  EVP_PKEY_eq(a: Pointer, b: Pointer): number;
  EVP_PKEY_is_a(key: Pointer, name: Pointer): number;
  EVP_PKEY_get0_type_name(key: Pointer): Pointer;
  EVP_PKEY_get0_RSA(key: Pointer): Pointer;
  EVP_PKEY_get0_EC_KEY(key: Pointer): Pointer;
  EVP_PKEY_get0_DSA(key: Pointer): Pointer;
  EVP_PKEY_get0_DH(key: Pointer): Pointer;
  EVP_PKEY_set1_RSA(key: Pointer, rsa: Pointer): number;
  EVP_PKEY_set1_EC_KEY(key: Pointer, ec: Pointer): number;
  EVP_PKEY_set1_DH(key: Pointer, dh: Pointer): number;
  EVP_PKEY_new_raw_public_key(type: number, engine: Pointer, bytes: Pointer, length: number): Pointer;
  EVP_PKEY_new_raw_private_key(type: number, engine: Pointer, bytes: Pointer, length: number): Pointer;
  EVP_PKEY_get_raw_public_key(key: Pointer, out: Pointer, length: Pointer): number;
  EVP_PKEY_get_raw_private_key(key: Pointer, out: Pointer, length: Pointer): number;
  EVP_PKEY_get_octet_string_param(key: Pointer, name: Pointer, out: Pointer, size: number, length: Pointer): number;
  EVP_PKEY_new_raw_public_key_ex(library: Pointer, type: Pointer, properties: Pointer, bytes: Pointer, length: number): Pointer;
  vk_key_from_seed(name: Pointer, seed: Pointer, length: number, parameter: Pointer): Pointer;
  vk_pss_params(key: Pointer, hash: Pointer, mgf1Hash: Pointer, saltLength: Pointer): number;

  // Key contexts
  EVP_PKEY_CTX_new(key: Pointer, engine: Pointer): Pointer;
  EVP_PKEY_CTX_new_id(type: number, engine: Pointer): Pointer;
  EVP_PKEY_CTX_new_from_name(library: Pointer, name: Pointer, properties: Pointer): Pointer;
  EVP_PKEY_CTX_free(context: Pointer): void;
  EVP_PKEY_keygen_init(context: Pointer): number;
  EVP_PKEY_keygen(context: Pointer, key: Pointer): number;
  EVP_PKEY_paramgen_init(context: Pointer): number;
  EVP_PKEY_paramgen(context: Pointer, key: Pointer): number;
  EVP_PKEY_CTX_set_rsa_keygen_bits(context: Pointer, bits: number): number;
  EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context: Pointer, exponent: Pointer): number;
  EVP_PKEY_CTX_set_rsa_pss_keygen_md(context: Pointer, digest: Pointer): number;
  EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context: Pointer, digest: Pointer): number;
  EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(context: Pointer, length: number): number;
  EVP_PKEY_CTX_set_rsa_padding(context: Pointer, padding: number): number;
  EVP_PKEY_CTX_set_rsa_pss_saltlen(context: Pointer, length: number): number;
  EVP_PKEY_CTX_set_rsa_oaep_md(context: Pointer, digest: Pointer): number;
  EVP_PKEY_CTX_set_rsa_mgf1_md(context: Pointer, digest: Pointer): number;
  EVP_PKEY_CTX_set0_rsa_oaep_label(context: Pointer, label: Pointer, length: number): number;
  EVP_PKEY_CTX_set_signature_md(context: Pointer, digest: Pointer): number;
  EVP_PKEY_CTX_set_dsa_paramgen_bits(context: Pointer, bits: number): number;
  EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context: Pointer, bits: number): number;
  EVP_PKEY_CTX_set_dh_paramgen_prime_len(context: Pointer, bits: number): number;
  EVP_PKEY_CTX_set_dh_paramgen_generator(context: Pointer, generator: number): number;
  EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context: Pointer, nid: number): number;
  EVP_PKEY_CTX_set_ec_param_enc(context: Pointer, encoding: number): number;
  EVP_PKEY_encrypt_init(context: Pointer): number;
  EVP_PKEY_encrypt(context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number): number;
  EVP_PKEY_decrypt_init(context: Pointer): number;
  EVP_PKEY_decrypt(context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number): number;
  EVP_PKEY_sign_init(context: Pointer): number;
  EVP_PKEY_sign(context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number): number;
  EVP_PKEY_verify_init(context: Pointer): number;
  EVP_PKEY_verify(context: Pointer, signature: Pointer, signatureLength: number, data: Pointer, length: number): number;
  EVP_PKEY_verify_recover_init(context: Pointer): number;
  EVP_PKEY_verify_recover(context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number): number;
  EVP_PKEY_derive_init(context: Pointer): number;
  EVP_PKEY_derive_set_peer(context: Pointer, peer: Pointer): number;
  EVP_PKEY_derive(context: Pointer, out: Pointer, outLength: Pointer): number;
  EVP_PKEY_CTX_set_kem_op(context: Pointer, operation: Pointer): number;
  EVP_PKEY_encapsulate_init(context: Pointer, params: Pointer): number;
  EVP_PKEY_encapsulate(context: Pointer, wrapped: Pointer, wrappedLength: Pointer, secret: Pointer, secretLength: Pointer): number;
  EVP_PKEY_decapsulate_init(context: Pointer, params: Pointer): number;
  EVP_PKEY_decapsulate(context: Pointer, secret: Pointer, secretLength: Pointer, wrapped: Pointer, wrappedLength: number): number;
  EVP_DigestSignInit(context: Pointer, keyContext: Pointer, digest: Pointer, engine: Pointer, key: Pointer): number;
  EVP_DigestSign(context: Pointer, out: Pointer, outLength: Pointer, data: Pointer, length: number): number;
  EVP_DigestVerifyInit(context: Pointer, keyContext: Pointer, digest: Pointer, engine: Pointer, key: Pointer): number;
  EVP_DigestVerify(context: Pointer, signature: Pointer, signatureLength: number, data: Pointer, length: number): number;
  vk_sign_init_with_context(
    md: Pointer,
    keyContext: Pointer,
    key: Pointer,
    instance: Pointer,
    context: Pointer,
    contextLength: number,
  ): number;
  vk_verify_init_with_context(
    md: Pointer,
    keyContext: Pointer,
    key: Pointer,
    instance: Pointer,
    context: Pointer,
    contextLength: number,
  ): number;

  // Key encodings
  vk_read_pem_private(bio: Pointer, passphrase: Pointer, length: number): Pointer;
  vk_read_encrypted_pkcs8(bio: Pointer, passphrase: Pointer, length: number): Pointer;
  PEM_bytes_read_bio(
    der: Pointer,
    length: Pointer,
    pemName: Pointer,
    name: Pointer,
    bio: Pointer,
    callback: Pointer,
    data: Pointer,
  ): number;
  d2i_PUBKEY(out: Pointer, at: Pointer, length: number): Pointer;
  d2i_PublicKey(type: number, out: Pointer, at: Pointer, length: number): Pointer;
  d2i_PrivateKey(type: number, out: Pointer, at: Pointer, length: number): Pointer;
  d2i_PKCS8_PRIV_KEY_INFO(out: Pointer, at: Pointer, length: number): Pointer;
  PKCS8_PRIV_KEY_INFO_free(info: Pointer): void;
  EVP_PKCS82PKEY(info: Pointer): Pointer;
  PEM_write_bio_PUBKEY(bio: Pointer, key: Pointer): number;
  i2d_PUBKEY_bio(bio: Pointer, key: Pointer): number;
  PEM_write_bio_RSAPublicKey(bio: Pointer, rsa: Pointer): number;
  i2d_RSAPublicKey_bio(bio: Pointer, rsa: Pointer): number;
  PEM_write_bio_RSAPrivateKey(
    bio: Pointer,
    rsa: Pointer,
    cipher: Pointer,
    passphrase: Pointer,
    length: number,
    callback: Pointer,
    data: Pointer,
  ): number;
  i2d_RSAPrivateKey_bio(bio: Pointer, rsa: Pointer): number;
  PEM_write_bio_PKCS8PrivateKey(
    bio: Pointer,
    key: Pointer,
    cipher: Pointer,
    passphrase: Pointer,
    length: number,
    callback: Pointer,
    data: Pointer,
  ): number;
  i2d_PKCS8PrivateKey_bio(
    bio: Pointer,
    key: Pointer,
    cipher: Pointer,
    passphrase: Pointer,
    length: number,
    callback: Pointer,
    data: Pointer,
  ): number;
  PEM_write_bio_ECPrivateKey(
    bio: Pointer,
    ec: Pointer,
    cipher: Pointer,
    passphrase: Pointer,
    length: number,
    callback: Pointer,
    data: Pointer,
  ): number;
  i2d_ECPrivateKey_bio(bio: Pointer, ec: Pointer): number;

  // RSA and DSA members
  RSA_new(): Pointer;
  RSA_free(rsa: Pointer): void;
  RSA_get0_key(rsa: Pointer, n: Pointer, e: Pointer, d: Pointer): void;
  RSA_get0_factors(rsa: Pointer, p: Pointer, q: Pointer): void;
  RSA_get0_crt_params(rsa: Pointer, dp: Pointer, dq: Pointer, qi: Pointer): void;
  RSA_set0_key(rsa: Pointer, n: Pointer, e: Pointer, d: Pointer): number;
  RSA_set0_factors(rsa: Pointer, p: Pointer, q: Pointer): number;
  RSA_set0_crt_params(rsa: Pointer, dp: Pointer, dq: Pointer, qi: Pointer): number;
  DSA_get0_pqg(dsa: Pointer, p: Pointer, q: Pointer, g: Pointer): void;
  ECDSA_SIG_new(): Pointer;
  ECDSA_SIG_free(signature: Pointer): void;
  ECDSA_SIG_get0(signature: Pointer, r: Pointer, s: Pointer): void;
  ECDSA_SIG_set0(signature: Pointer, r: Pointer, s: Pointer): number;
  d2i_ECDSA_SIG(out: Pointer, at: Pointer, length: number): Pointer;
  i2d_ECDSA_SIG(signature: Pointer, out: Pointer): number;

  // Elliptic curves
  EC_KEY_new_by_curve_name(nid: number): Pointer;
  EC_KEY_free(key: Pointer): void;
  EC_KEY_generate_key(key: Pointer): number;
  EC_KEY_check_key(key: Pointer): number;
  EC_KEY_get0_group(key: Pointer): Pointer;
  EC_KEY_get0_public_key(key: Pointer): Pointer;
  EC_KEY_get0_private_key(key: Pointer): Pointer;
  EC_KEY_set_public_key(key: Pointer, point: Pointer): number;
  EC_KEY_set_private_key(key: Pointer, number: Pointer): number;
  EC_KEY_set_public_key_affine_coordinates(key: Pointer, x: Pointer, y: Pointer): number;
  EC_GROUP_new_by_curve_name(nid: number): Pointer;
  EC_GROUP_free(group: Pointer): void;
  EC_GROUP_get_curve_name(group: Pointer): number;
  EC_GROUP_get_degree(group: Pointer): number;
  EC_GROUP_order_bits(group: Pointer): number;
  EC_GROUP_get0_order(group: Pointer): Pointer;
  EC_POINT_new(group: Pointer): Pointer;
  EC_POINT_free(point: Pointer): void;
  EC_POINT_mul(group: Pointer, out: Pointer, n: Pointer, point: Pointer, m: Pointer, context: Pointer): number;
  EC_POINT_oct2point(group: Pointer, point: Pointer, bytes: Pointer, length: number, context: Pointer): number;
  EC_POINT_point2oct(group: Pointer, point: Pointer, form: number, out: Pointer, length: number, context: Pointer): number;
  EC_POINT_get_affine_coordinates(group: Pointer, point: Pointer, x: Pointer, y: Pointer, context: Pointer): number;
  ECDH_compute_key(out: Pointer, length: number, point: Pointer, key: Pointer, kdf: Pointer): number;

  // Diffie-Hellman
  DH_new(): Pointer;
  DH_free(dh: Pointer): void;
  DH_size(dh: Pointer): number;
  DH_check(dh: Pointer, codes: Pointer): number;
  DH_check_pub_key(dh: Pointer, key: Pointer, codes: Pointer): number;
  DH_generate_key(dh: Pointer): number;
  DH_generate_parameters_ex(dh: Pointer, bits: number, generator: number, callback: Pointer): number;
  DH_compute_key(out: Pointer, key: Pointer, dh: Pointer): number;
  DH_get0_pqg(dh: Pointer, p: Pointer, q: Pointer, g: Pointer): void;
  DH_get0_key(dh: Pointer, publicKey: Pointer, privateKey: Pointer): void;
  DH_set0_pqg(dh: Pointer, p: Pointer, q: Pointer, g: Pointer): number;
  DH_set0_key(dh: Pointer, publicKey: Pointer, privateKey: Pointer): number;
  BN_get_rfc2409_prime_768(into: Pointer): Pointer;
  BN_get_rfc2409_prime_1024(into: Pointer): Pointer;
  BN_get_rfc3526_prime_1536(into: Pointer): Pointer;
  BN_get_rfc3526_prime_2048(into: Pointer): Pointer;
  BN_get_rfc3526_prime_3072(into: Pointer): Pointer;
  BN_get_rfc3526_prime_4096(into: Pointer): Pointer;
  BN_get_rfc3526_prime_6144(into: Pointer): Pointer;
  BN_get_rfc3526_prime_8192(into: Pointer): Pointer;

  // Certificates
  PEM_read_bio_X509_AUX(bio: Pointer, out: Pointer, callback: Pointer, data: Pointer): Pointer;
  d2i_X509(out: Pointer, at: Pointer, length: number): Pointer;
  X509_free(certificate: Pointer): void;
  PEM_write_bio_X509(bio: Pointer, certificate: Pointer): number;
  i2d_X509_bio(bio: Pointer, certificate: Pointer): number;
  X509_get_subject_name(certificate: Pointer): Pointer;
  X509_get_issuer_name(certificate: Pointer): Pointer;
  X509_NAME_print_ex(bio: Pointer, name: Pointer, indent: number, flags: number): number;
  X509_NAME_entry_count(name: Pointer): number;
  vk_name_entry(bio: Pointer, name: Pointer, index: number): number;
  vk_subject_alt_name(bio: Pointer, certificate: Pointer): number;
  vk_info_access(bio: Pointer, certificate: Pointer): number;
  vk_key_usage(bio: Pointer, certificate: Pointer): number;
  vk_is_ca(certificate: Pointer): number;
  X509_get0_notBefore(certificate: Pointer): Pointer;
  X509_get0_notAfter(certificate: Pointer): Pointer;
  ASN1_TIME_print(bio: Pointer, time: Pointer): number;
  ASN1_TIME_to_tm(time: Pointer, out: Pointer): number;
  X509_digest(certificate: Pointer, digest: Pointer, out: Pointer, length: Pointer): number;
  X509_get_serialNumber(certificate: Pointer): Pointer;
  ASN1_INTEGER_to_BN(integer: Pointer, into: Pointer): Pointer;
  X509_get0_pubkey(certificate: Pointer): Pointer;
  X509_get_pubkey(certificate: Pointer): Pointer;
  X509_get_signature_nid(certificate: Pointer): number;
  X509_get0_tbs_sigalg(certificate: Pointer): Pointer;
  X509_ALGOR_get0(object: Pointer, type: Pointer, value: Pointer, algorithm: Pointer): void;
  X509_check_host(certificate: Pointer, name: Pointer, length: number, flags: number, peer: Pointer): number;
  X509_check_email(certificate: Pointer, email: Pointer, length: number, flags: number): number;
  X509_check_ip_asc(certificate: Pointer, ip: Pointer, flags: number): number;
  X509_check_issued(issuer: Pointer, subject: Pointer): number;
  X509_check_private_key(certificate: Pointer, key: Pointer): number;
  X509_verify(certificate: Pointer, key: Pointer): number;

  // SPKAC
  NETSCAPE_SPKI_b64_decode(text: Pointer, length: number): Pointer;
  NETSCAPE_SPKI_get_pubkey(spki: Pointer): Pointer;
  NETSCAPE_SPKI_verify(spki: Pointer, key: Pointer): number;
  vk_spkac_challenge(bio: Pointer, spki: Pointer): number;
  NETSCAPE_SPKI_free(spki: Pointer): void;
}
