// OpenSSL's ciphers: names, facts and modes. Runs in the process worker.
import type { BindingObject } from '../../realm.ts';
import { bioLines, openssl, opensslMemory, scoped } from './openssl/library.ts';

export const MODE = {
  ECB: 1,
  CBC: 2,
  CFB: 3,
  OFB: 4,
  CTR: 5,
  GCM: 6,
  CCM: 7,
  XTS: 0x10001,
  WRAP: 0x10002,
  OCB: 0x10003,
  SIV: 0x10004,
} as const;

const MODE_MASK = 0xf0007;
const MODE_NAMES = new Map<number, string>(Object.entries(MODE).map(([name, value]) => [value, name.toLowerCase()]));
export const NID_CHACHA20_POLY1305 = 1018;

export const CTRL = { setIvLength: 0x9, getTag: 0x10, setTag: 0x11 } as const;

let names: string[] | null = null;

export function cipherNames(): string[] {
  return [...(names ??= bioLines((bio) => openssl().vk_cipher_names(bio)))];
}

/** OpenSSL's cipher by name, 0 when there is none. */
export function findCipher(name: string): number {
  return scoped((scope) => openssl().EVP_get_cipherbyname(scope.text(name)));
}

export function modeOf(cipher: number): number {
  return openssl().EVP_CIPHER_get_flags(cipher) & MODE_MASK;
}

export function isAuthenticated(cipher: number): boolean {
  const mode = modeOf(cipher);
  return mode === MODE.GCM || mode === MODE.CCM || mode === MODE.OCB || openssl().EVP_CIPHER_get_nid(cipher) === NID_CHACHA20_POLY1305;
}

/** What Node tells about a cipher; `undefined` for an unknown one or lengths that it cannot have. */
export function describeCipher(
  target: BindingObject,
  nameOrNid: string | number,
  keyLength: number | undefined,
  ivLength: number | undefined,
): BindingObject | undefined {
  const api = openssl();
  const cipher = findCipher(typeof nameOrNid === 'string' ? nameOrNid : opensslMemory().text(api.OBJ_nid2sn(nameOrNid)));
  if (cipher === 0) return undefined;
  const mode = modeOf(cipher);
  const size = { key: api.EVP_CIPHER_get_key_length(cipher), iv: api.EVP_CIPHER_get_iv_length(cipher) };
  if (keyLength !== undefined || ivLength !== undefined) {
    const accepted = acceptLengths(cipher, keyLength, ivLength);
    if (accepted === undefined) return undefined;
    size.key = accepted.key;
    size.iv = accepted.iv;
  }
  const nid = api.EVP_CIPHER_get_nid(cipher);
  target['mode'] = MODE_NAMES.get(mode) ?? 'stream';
  target['name'] = opensslMemory().text(api.OBJ_nid2sn(nid));
  target['nid'] = nid;
  // A stream has no block that means anything.
  if (mode !== 0) target['blockSize'] = api.EVP_CIPHER_get_block_size(cipher);
  if (size.iv !== 0) target['ivLength'] = size.iv;
  target['keyLength'] = size.key;
  return target;
}

function acceptLengths(
  cipher: number,
  keyLength: number | undefined,
  ivLength: number | undefined,
): { key: number; iv: number } | undefined {
  const api = openssl();
  const fixed = { key: api.EVP_CIPHER_get_key_length(cipher), iv: api.EVP_CIPHER_get_iv_length(cipher) };
  return scoped((scope) => {
    const context = scope.own(api.EVP_CIPHER_CTX_new(), (at) => api.EVP_CIPHER_CTX_free(at));
    if (api.EVP_CipherInit_ex(context, cipher, 0, 0, 0, 1) !== 1) return undefined;
    if (keyLength !== undefined && api.EVP_CIPHER_CTX_set_key_length(context, keyLength) !== 1) return undefined;
    if (ivLength !== undefined) {
      const isVariable = isAuthenticated(cipher);
      if (!isVariable && ivLength !== fixed.iv) return undefined;
      if (isVariable && api.EVP_CIPHER_CTX_ctrl(context, CTRL.setIvLength, ivLength, 0) !== 1) return undefined;
    }
    return { key: keyLength ?? fixed.key, iv: ivLength ?? fixed.iv };
  });
}
