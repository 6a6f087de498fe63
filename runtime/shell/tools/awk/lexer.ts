// Cuts an awk program into tokens; whether `/` begins a regular expression depends on what came before. Pure.
import { ansiEscapes } from '../../sh/ansi-escapes.ts';
import { AwkSyntaxError } from './syntax.ts';

export interface Token {
  readonly type: 'number' | 'string' | 'regex' | 'name' | 'call' | 'keyword' | 'operator' | 'newline' | 'end';
  readonly text: string;
  /** A blank stood before it: decides between `f (x)` and `f(x)`. */
  readonly line: number;
}

const KEYWORDS = new Set(
  'BEGIN END function func if else while for do break continue next nextfile exit return delete in getline print printf'.split(' '),
);
const OPERATOR = /^(?:\*\*=|\*\*|\+\+|--|[-+*/%^]=|==|<=|>=|!=|!~|&&|\|\||>>|[{}()[\];,+\-*/%^!<>|?:~$=])/;
const NUMBER = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/;

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const push = (type: Token['type'], text: string): void => void tokens.push({ type, text, line });
  while (at < source.length) {
    const rest = source.slice(at, at + 256);
    const blank = /^(?:[ \t\r]|\\\r?\n|#[^\n]*)+/.exec(rest);
    if (blank !== null) {
      line += blank[0].split('\n').length - 1;
      at += blank[0].length;
      // A comment may be longer than what was looked at.
      if (blank[0].includes('#')) while (at < source.length && source[at] !== '\n') at++;
      continue;
    }
    const character = source[at] ?? '';
    if (character === '\n') {
      push('newline', '\n');
      line++;
      at++;
    } else if (character === '"') at = readString(source, at, push);
    else if (character === '/' && startsRegex(tokens.at(-1))) at = readRegex(source, at, push);
    else {
      const number = NUMBER.exec(rest)?.[0];
      const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
      if (number !== undefined) {
        push('number', number);
        at += number.length;
      } else if (name !== undefined) {
        at += name.length;
        push(KEYWORDS.has(name) ? 'keyword' : source[at] === '(' ? 'call' : 'name', name === 'func' ? 'function' : name);
      } else {
        const operator = OPERATOR.exec(rest)?.[0];
        if (operator === undefined) throw new AwkSyntaxError(`unexpected character '${character}' at line ${line}`);
        push('operator', operator === '**' ? '^' : operator === '**=' ? '^=' : operator);
        at += operator.length;
      }
    }
  }
  push('newline', '\n');
  push('end', '');
  return tokens;
}

function startsRegex(last: Token | undefined): boolean {
  if (last === undefined) return true;
  if (last.type === 'operator') return !/^(?:\)|\]|\$|\+\+|--)$/.test(last.text);
  return last.type === 'newline' || (last.type === 'keyword' && last.text !== 'getline');
}

function readString(source: string, start: number, push: (type: Token['type'], text: string) => void): number {
  let text = '';
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at] ?? '';
    if (character === '"') {
      push('string', unescapeString(text));
      return at + 1;
    }
    if (character === '\n') break;
    text += character;
    if (character === '\\') text += source[++at] ?? '';
  }
  throw new AwkSyntaxError('unterminated string');
}

/** Unknown escapes keep their backslash, as patterns given as strings need. */
export function unescapeString(text: string): string {
  return text.replaceAll(/\\(?:[0-7]{1,3}|\r?\n|[^])/g, (escape) => {
    if (escape.endsWith('\n')) return '';
    if (escape === '\\/') return '/';
    return /^\\(?:[0-7]|[abfnrtv\\"])/.test(escape) ? ansiEscapes(escape) : escape;
  });
}

function readRegex(source: string, start: number, push: (type: Token['type'], text: string) => void): number {
  let text = '';
  let isInSet = false;
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at] ?? '';
    if (character === '\n') break;
    if (character === '/' && !isInSet) {
      push('regex', text);
      return at + 1;
    }
    if (character === '\\') {
      const next = source[++at] ?? '';
      text += next === '/' ? '/' : character + next;
      continue;
    }
    if (character === '[' && !isInSet) isInSet = true;
    else if (character === ']' && isInSet && !/\[\^?$/.test(text)) isInSet = false;
    text += character;
  }
  throw new AwkSyntaxError('unterminated regular expression');
}
