// Base64 and base64url as Node has them: both alphabets decode, junk is skipped, `=` ends the text. Pure.

const STANDARD = alphabet('+/');
const URL_SAFE = alphabet('-_');
const PAD = 61;
const SKIP = 255;
const values = decodeTable();
const ascii = new TextDecoder('latin1');

function alphabet(last: string): Uint8Array {
  const letters = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${last}`;
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

function decodeTable(): Uint8Array {
  const table = new Uint8Array(256).fill(SKIP);
  for (const letters of [STANDARD, URL_SAFE]) for (const [value, letter] of letters.entries()) table[letter] = value;
  return table;
}

export function encodeBase64(bytes: Uint8Array, isUrlSafe: boolean): string {
  const letters = isUrlSafe ? URL_SAFE : STANDARD;
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PAD);
  const at = (index: number): number => letters[index] as number;
  let written = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const rest = bytes.length - i;
    const a = bytes[i] as number;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    out[written++] = at(a >> 2);
    out[written++] = at(((a & 3) << 4) | (b >> 4));
    if (rest > 1) out[written++] = at(((b & 15) << 2) | (c >> 6));
    if (rest > 2) out[written++] = at(c & 63);
  }
  return ascii.decode(isUrlSafe ? out.subarray(0, written) : out);
}

/** Wide characters count by their low byte, as in Node's own slow path. */
export function decodeBase64(text: string): Uint8Array {
  const out = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let written = 0;
  let bits = 0;
  let accumulator = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) & 255;
    if (code === PAD) break;
    const value = values[code] as number;
    if (value === SKIP) continue;
    accumulator = ((accumulator << 6) | value) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[written++] = accumulator >> bits;
  }
  return out.subarray(0, written);
}
