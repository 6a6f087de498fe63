// Backslash escapes in text, as `$'...'`, `printf` and `echo` read them. Pure.
import { byteText } from '../text.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  E: '\u001b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '?': '?',
};

/** For `$'...'`. */
export function ansiEscapes(text: string): string {
  return text.replaceAll(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c([^])|([^]))/g,
    (whole, octal?: string, hex?: string, short?: string, long?: string, control?: string, simple?: string) => {
      if (octal !== undefined) return byteText(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return byteText(Number.parseInt(hex, 16));
      const code = short ?? long;
      if (code !== undefined) return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code, 16)));
      if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
      return SIMPLE[simple ?? ''] ?? whole;
    },
  );
}

/** For `echo` and `%b`: octal needs a leading 0, `\c` ends everything. `quotes`: whether `\"` is an escape. */
export function echoEscapes(text: string): { readonly text: string; readonly isEnded: boolean } {
  let isEnded = false;
  const result = text.replaceAll(
    /\\(?:0([0-7]{0,3})|([1-7][0-7]{0,2})|x([0-9a-fA-F]{1,2})|(c)[^]*|([^]))/g,
    (whole, octal?: string, bare?: string, hex?: string, end?: string, simple?: string) => {
      if (octal !== undefined) return byteText(Number.parseInt(octal || '0', 8) & 0xff);
      if (bare !== undefined) return byteText(Number.parseInt(bare, 8) & 0xff);
      if (hex !== undefined) return byteText(Number.parseInt(hex, 16));
      if (end !== undefined) {
        isEnded = true;
        return '';
      }
      return '"\'?'.includes(simple ?? '') ? whole : (SIMPLE[simple ?? ''] ?? whole);
    },
  );
  return { text: result, isEnded };
}

/** For the format of `printf`: octal with up to three digits. */
export function formatEscapes(text: string): string {
  return text.replaceAll(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([^]))/g,
    (whole, octal?: string, hex?: string, unicode?: string, simple?: string) => {
      if (octal !== undefined) return byteText(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return byteText(Number.parseInt(hex, 16));
      if (unicode !== undefined) return String.fromCodePoint(Number.parseInt(unicode, 16));
      return SIMPLE[simple ?? ''] ?? whole;
    },
  );
}
