// Domain names between Unicode and their ASCII form, by the platform's URL parser and RFC 3492. Pure.
const NativeURL = URL;

export function domainToAscii(domain: string): string {
  const url = NativeURL.canParse(`ws://${domain}`) ? new NativeURL(`ws://${domain}`) : null;
  return url?.hostname ?? '';
}

export function domainToUnicode(domain: string): string {
  return unicodeHost(domainToAscii(domain));
}

export function unicodeHost(host: string): string {
  return host
    .split('.')
    .map((label) => (label.startsWith('xn--') ? (decodePunycode(label.slice(4)) ?? label) : label))
    .join('.');
}

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;

/** RFC 3492 section 6.2; `null` where the text is not Punycode. */
function decodePunycode(text: string): string | null {
  const delimiter = text.lastIndexOf('-');
  const output = Array.from(text.slice(0, Math.max(delimiter, 0)), (letter) => letter.charCodeAt(0));
  let [codePoint, position, bias] = [128, 0, 72];
  for (let index = delimiter + 1; index < text.length;) {
    const before = position;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = Number.parseInt(text[index++] ?? '', BASE);
      if (Number.isNaN(digit)) return null;
      // RFC digits: letters first; parseInt: decimals first.
      const value = digit < 10 ? digit + 26 : digit - 10;
      position += value * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (value < threshold) break;
      weight *= BASE - threshold;
    }
    const length = output.length + 1;
    bias = adaptBias(position - before, length, before === 0);
    codePoint += Math.floor(position / length);
    position %= length;
    if (codePoint > 0x10ffff) return null;
    output.splice(position++, 0, codePoint);
  }
  return String.fromCodePoint(...output);
}

function adaptBias(delta: number, length: number, isFirst: boolean): number {
  let rest = isFirst ? Math.floor(delta / DAMP) : delta >> 1;
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
