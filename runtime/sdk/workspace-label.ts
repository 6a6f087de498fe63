// The DNS label of a workspace's origin: a secret that names it, so that no other page can guess it. Page side.

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SECRET_BYTES = 16;

/** 26 characters of base32: 128 random bits. */
export function makeWorkspaceLabel(): string {
  let label = '';
  let bits = 0;
  let value = 0;
  for (const byte of crypto.getRandomValues(new Uint8Array(SECRET_BYTES))) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      label += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? label + ALPHABET[(value << (5 - bits)) & 31] : label;
}
