"""Key derivation, which this build of Python leaves out of `hashlib`: done by the host, since Python would be too slow."""

import hashlib

import _verklet


def install(host):
    hashlib.pbkdf2_hmac = pbkdf2_hmac
    hashlib.scrypt = scrypt


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    length = hashlib.new(hash_name).digest_size if dklen is None else dklen
    if length < 1:
        raise ValueError("key length must be greater than 0.")
    answer = _verklet.host.pbkdf2(hash_name.lower(), bytes(password).hex(), bytes(salt).hex(), iterations, length)
    if not answer:
        raise ValueError(f"unsupported hash type {hash_name}")
    return bytes.fromhex(answer)


def scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64):
    if n < 2 or n & (n - 1):
        raise ValueError("n must be a power of 2.")
    return bytes.fromhex(_verklet.host.scrypt(bytes(password).hex(), bytes(salt).hex(), n, r, p, dklen))
