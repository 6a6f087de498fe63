// POSIX regular expressions as JavaScript's: basic (`grep`, `sed`) and extended (`grep -E`, `sed -E`, `awk`, `=~`). Pure.

/** What stands for a POSIX class inside a bracket expression. */
export const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};
/** GNU's escapes that mean the same in both kinds. */
const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
  b: '\\b',
  B: '\\B',
  w: '\\w',
  W: '\\W',
  s: '\\s',
  S: '\\S',
  n: '\\n',
  t: '\\t',
  r: '\\r',
  f: '\\f',
  v: '\\v',
  '`': '^',
  "'": '$',
};

/** Throws SyntaxError. `flags` are JavaScript's. */
export function basicExpression(pattern: string, flags = ''): RegExp {
  return new RegExp(translate(pattern, false), `${flags}u`);
}

/** Throws SyntaxError. */
export function extendedExpression(pattern: string, flags = ''): RegExp {
  return new RegExp(translate(pattern, true), `${flags}u`);
}

export function translate(pattern: string, isExtended: boolean): string {
  let result = '';
  /** Whether an operator here would have nothing to repeat. */
  let isAtStart = true;
  let depth = 0;
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? '';
    if (character === '[') {
      const set = bracket(pattern, index);
      result += set.source;
      index = set.end;
      isAtStart = false;
      continue;
    }
    const isEscaped = character === '\\' && index + 1 < pattern.length;
    const symbol = isEscaped ? (pattern[++index] ?? '') : character;
    const isOperator = isExtended ? !isEscaped : isEscaped;
    if ('(){}|+?'.includes(symbol)) {
      if (
        !isOperator ||
        (isAtStart && '+?{'.includes(symbol)) ||
        (symbol === ')' && depth === 0) ||
        (symbol === '{' && !/^\{\d*,?\d*\\?\}/.test(pattern.slice(index)))
      ) {
        result += `\\${symbol}`;
        isAtStart = false;
        continue;
      }
      if (symbol === '{') {
        const end = pattern.indexOf('}', index);
        result += `{${pattern
          .slice(index + 1, end)
          .replace('\\', '')
          .replace(/^,/, '0,')}}`;
        index = end;
        continue;
      }
      if (symbol === '(') depth++;
      if (symbol === ')') depth--;
      result += symbol;
      isAtStart = symbol === '(' || symbol === '|';
      continue;
    }
    if (isEscaped) {
      result += /\d/.test(symbol) && symbol !== '0' ? `(?:\\${symbol})` : (ESCAPES[symbol] ?? escapeCharacter(symbol));
      isAtStart = false;
      continue;
    }
    if (character === '*') {
      result += isAtStart ? '\\*' : '*';
      isAtStart = false;
      continue;
    }
    if (character === '^') {
      const isAnchor: boolean = isExtended || isAtStart;
      result += isAnchor ? '^' : '\\^';
      isAtStart = isAnchor;
      continue;
    }
    if (character === '$') {
      const rest = pattern.slice(index + 1);
      result += isExtended || rest === '' || rest.startsWith('\\)') || rest.startsWith('\\|') ? '$' : '\\$';
      isAtStart = false;
      continue;
    }
    result += character === '.' ? '[^]' : escapeCharacter(character);
    isAtStart = false;
  }
  return result;
}

function escapeCharacter(character: string): string {
  return /[.*+?^${}()|[\]\\/]/.test(character) ? `\\${character}` : character;
}

function bracket(pattern: string, start: number): { source: string; end: number } {
  let index = start + 1;
  const isNegated = pattern[index] === '^';
  if (isNegated) index++;
  let set = '';
  for (let isFirst = true; ; isFirst = false) {
    const character = pattern[index];
    if (character === undefined) throw new SyntaxError('Unmatched [');
    if (character === ']' && !isFirst) break;
    const named = /^\[(?::(\w+):|\.([^])\.|=([^])=)\]/.exec(pattern.slice(index));
    if (named !== null) {
      set += named[1] === undefined ? escapeInSet(named[2] ?? named[3] ?? '') : (CLASSES[named[1]] ?? '');
      index += named[0].length;
      continue;
    }
    const isRange = character === '-' && !isFirst && set !== '' && pattern[index + 1] !== ']';
    // A backslash is a plain character in POSIX, but GNU tools and awk take these escapes.
    const escape = character === '\\' ? /^\\([nt\\\]/])/.exec(pattern.slice(index)) : null;
    if (escape !== null && escape[1] !== ']') {
      set += escape[1] === 'n' ? '\\n' : escape[1] === 't' ? '\\t' : escape[1] === '/' ? '\\/' : '\\\\';
      index += 2;
      continue;
    }
    set += isRange ? '-' : escapeInSet(character);
    index++;
  }
  if (set === '') return { source: isNegated ? '[^]' : '(?!)', end: index };
  return { source: `[${isNegated ? '^' : ''}${set}]`, end: index };
}

function escapeInSet(character: string): string {
  return /[\\\]^\-[|(){}/]/.test(character) ? `\\${character}` : character;
}
