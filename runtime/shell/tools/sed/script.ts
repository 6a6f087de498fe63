// Parses sed scripts. Pure.
import { basicExpression, extendedExpression } from '../../regular-expression.ts';
import { ToolFailure } from '../../tool.ts';

export type Address =
  | { readonly type: 'line'; readonly number: number }
  | { readonly type: 'last' }
  /** `null`: the expression that was used last. */
  | { readonly type: 'regex'; readonly expression: RegExp | null }
  | { readonly type: 'step'; readonly first: number; readonly step: number }
  | { readonly type: 'offset'; readonly count: number }
  | { readonly type: 'multiple'; readonly of: number };

export interface Substitution {
  readonly expression: RegExp | null;
  readonly replacement: readonly ReplacementPart[];
  readonly isGlobal: boolean;
  /** Replaces from this match on. */
  readonly occurrence: number;
  readonly prints: boolean;
  readonly executes: boolean;
  readonly file: string | null;
}

export type ReplacementPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'group'; readonly index: number }
  | { readonly type: 'case'; readonly mode: string };

export interface SedCommand {
  readonly first: Address | null;
  readonly second: Address | null;
  readonly isNegated: boolean;
  readonly name: string;
  /** Of `a i c`, a label, a file name, or an exit code. */
  readonly text: string;
  readonly substitution: Substitution | null;
  readonly translation: ReadonlyMap<string, string> | null;
  /** Where a block ends, or a branch goes. */
  target: number;
}

export function parseSed(source: string, isExtended: boolean): SedCommand[] {
  return new ScriptParser(source, isExtended).parse();
}

class ScriptParser {
  readonly #source: string;
  readonly #isExtended: boolean;
  readonly #commands: SedCommand[] = [];
  #at = 0;

  constructor(source: string, isExtended: boolean) {
    this.#source = source;
    this.#isExtended = isExtended;
  }

  parse(): SedCommand[] {
    const open: SedCommand[] = [];
    for (;;) {
      this.#skip(/[\s;]/);
      if (this.#at >= this.#source.length) break;
      if (this.#source[this.#at] === '#') {
        this.#skip(/[^\n]/);
        continue;
      }
      const command = this.#command();
      if (command.name === '}') {
        const start = open.pop();
        if (start === undefined) throw this.#fail("unexpected '}'");
        start.target = this.#commands.length;
        continue;
      }
      this.#commands.push(command);
      if (command.name === '{') open.push(command);
    }
    if (open.length > 0) throw this.#fail("unmatched '{'");
    this.#resolveLabels();
    return this.#commands;
  }

  #resolveLabels(): void {
    for (const command of this.#commands) {
      if (!'btT'.includes(command.name)) continue;
      const at = this.#commands.findIndex(({ name, text }) => name === ':' && text === command.text);
      if (at === -1 && command.text !== '') throw new ToolFailure(`-e expression #1: can't find label for jump to '${command.text}'`);
      command.target = at === -1 ? this.#commands.length : at;
    }
  }

  #command(): SedCommand {
    const first = this.#address();
    let second: Address | null = null;
    this.#skip(/[ \t]/);
    if (first !== null && this.#source[this.#at] === ',') {
      this.#at++;
      this.#skip(/[ \t]/);
      second = this.#secondAddress();
    }
    this.#skip(/[ \t]/);
    let isNegated = false;
    while (this.#source[this.#at] === '!') {
      isNegated = true;
      this.#at++;
      this.#skip(/[ \t]/);
    }
    const name = this.#source[this.#at++] ?? '';
    const plain = { first, second, isNegated, name, text: '', substitution: null, translation: null, target: -1 };
    switch (name) {
      case '{':
      case '}':
        return plain;
      case 's':
        return { ...plain, substitution: this.#substitution() };
      case 'y':
        return { ...plain, translation: this.#translation() };
      case 'a':
      case 'i':
      case 'c':
        return { ...plain, text: this.#textArgument() };
      case ':':
        return { ...plain, text: this.#word(/[^\n;]/) };
      case 'b':
      case 't':
      case 'T':
        return { ...plain, text: this.#word(/[^\n;}]/) };
      case 'r':
      case 'R':
      case 'w':
      case 'W':
        return { ...plain, text: this.#word(/[^\n]/) };
      case 'q':
      case 'Q':
      case 'l':
      case 'L':
        return { ...plain, text: this.#word(/\d/) };
      case '=':
      case 'd':
      case 'D':
      case 'e':
      case 'F':
      case 'g':
      case 'G':
      case 'h':
      case 'H':
      case 'n':
      case 'N':
      case 'p':
      case 'P':
      case 'x':
      case 'z':
        return plain;
      default:
        throw this.#fail(name === '' ? 'missing command' : `unknown command: '${name}'`);
    }
  }

  #address(): Address | null {
    const rest = this.#source.slice(this.#at);
    const step = /^(\d+)~(\d+)/.exec(rest);
    if (step !== null) {
      this.#at += step[0].length;
      return { type: 'step', first: Number(step[1]), step: Number(step[2]) };
    }
    const number = /^\d+/.exec(rest);
    if (number !== null) {
      this.#at += number[0].length;
      return { type: 'line', number: Number(number[0]) };
    }
    if (rest.startsWith('$')) {
      this.#at++;
      return { type: 'last' };
    }
    if (!rest.startsWith('/') && !rest.startsWith('\\')) return null;
    if (rest.startsWith('\\')) this.#at++;
    const delimiter = this.#source[this.#at++] ?? '/';
    const pattern = this.#delimited(delimiter, true);
    const flags = this.#word(/[IM]/);
    return { type: 'regex', expression: this.#expression(pattern, flags) };
  }

  #secondAddress(): Address {
    const special = /^([+~])(\d+)/.exec(this.#source.slice(this.#at));
    if (special !== null) {
      this.#at += special[0].length;
      return special[1] === '+' ? { type: 'offset', count: Number(special[2]) } : { type: 'multiple', of: Number(special[2]) };
    }
    const address = this.#address();
    if (address === null) throw this.#fail("unexpected ','");
    return address;
  }

  #expression(pattern: string, flags: string): RegExp | null {
    if (pattern === '') return null;
    const javascript = `${flags.includes('I') || flags.includes('i') ? 'i' : ''}${flags.includes('M') || flags.includes('m') ? 'm' : ''}`;
    try {
      return this.#isExtended ? extendedExpression(pattern, javascript) : basicExpression(pattern, javascript);
    } catch (error) {
      if (error instanceof SyntaxError) throw this.#fail(error.message.replace(/^Invalid regular expression: /, ''));
      throw error;
    }
  }

  /** Up to the delimiter, which is taken; an escaped delimiter stands for itself. */
  #delimited(delimiter: string, isPattern: boolean): string {
    let text = '';
    let isInSet = false;
    for (; this.#at < this.#source.length; this.#at++) {
      const character = this.#source[this.#at] ?? '';
      if (character === '\\') {
        const next = this.#source[++this.#at] ?? '';
        text +=
          next === delimiter && !/[|+?(){}]/.test(next)
            ? isPattern && /[.*[\]^$]/.test(next)
              ? `\\${next}`
              : next
            : next === 'n' && isPattern
              ? '\\n'
              : `\\${next}`;
        continue;
      }
      if (isPattern && character === '[' && !isInSet) {
        isInSet = true;
        // `]` right behind the opening bracket is a member.
        const start = /^\[\^?\]?/.exec(this.#source.slice(this.#at))?.[0] ?? '[';
        text += start;
        this.#at += start.length - 1;
        continue;
      }
      if (isInSet && /^\[[:.=]/.test(this.#source.slice(this.#at, this.#at + 2))) {
        const end = this.#source.indexOf(']', this.#at + 2);
        text += this.#source.slice(this.#at, end + 1);
        this.#at = end;
        continue;
      }
      if (isInSet && character === ']') isInSet = false;
      else if (character === delimiter && !isInSet) {
        this.#at++;
        return text;
      }
      text += character;
    }
    throw this.#fail(`unterminated '${isPattern ? 'address regex' : 's'}' command`);
  }

  #substitution(): Substitution {
    const delimiter = this.#source[this.#at++] ?? '';
    const pattern = this.#delimited(delimiter, true);
    const replacement = this.#delimited(delimiter, false);
    const flags = this.#word(/[gpiIeMm0-9]/);
    let file: string | null = null;
    if (this.#source[this.#at] === 'w') {
      this.#at++;
      file = this.#word(/[^\n]/);
    }
    const occurrence = Number(/\d+/.exec(flags)?.[0] ?? 1);
    return {
      expression: this.#expression(pattern, flags),
      replacement: readReplacement(replacement),
      isGlobal: flags.includes('g'),
      occurrence,
      prints: flags.includes('p'),
      executes: flags.includes('e'),
      file,
    };
  }

  #translation(): Map<string, string> {
    const delimiter = this.#source[this.#at++] ?? '';
    const unescape = (text: string): string[] => [
      ...text.replaceAll(/\\([^])/g, (_whole, one: string) => (one === 'n' ? '\n' : one === 't' ? '\t' : one)),
    ];
    const from = unescape(this.#delimited(delimiter, false));
    const to = unescape(this.#delimited(delimiter, false));
    if (from.length !== to.length) throw this.#fail("strings for 'y' command are different lengths");
    return new Map(from.map((character, index) => [character, to[index] ?? '']));
  }

  /** One line after the command, or lines behind `\`, each continued by a backslash. */
  #textArgument(): string {
    this.#skip(/[ \t]/);
    if (this.#source[this.#at] === '\\') {
      this.#at++;
      this.#skip(/[ \t]/);
      if (this.#source[this.#at] === '\n') this.#at++;
    }
    let text = '';
    for (; this.#at < this.#source.length; this.#at++) {
      const character = this.#source[this.#at] ?? '';
      if (character === '\n') break;
      if (character === '\\') {
        const next = this.#source[++this.#at] ?? '';
        text += next === 't' ? '\t' : next;
      } else text += character;
    }
    return text;
  }

  #word(characters: RegExp): string {
    this.#skip(/[ \t]/);
    const start = this.#at;
    this.#skip(characters);
    return this.#source.slice(start, this.#at).trim();
  }

  #skip(characters: RegExp): void {
    while (this.#at < this.#source.length && characters.test(this.#source[this.#at] ?? '')) this.#at++;
  }

  #fail(reason: string): ToolFailure {
    return new ToolFailure(`-e expression #1, char ${this.#at}: ${reason}`);
  }
}

function readReplacement(text: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  const push = (one: string): void => {
    const last = parts.at(-1);
    if (last?.type === 'text') parts[parts.length - 1] = { type: 'text', text: last.text + one };
    else parts.push({ type: 'text', text: one });
  };
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character === '&') parts.push({ type: 'group', index: 0 });
    else if (character !== '\\') push(character);
    else {
      const next = text[++index] ?? '';
      if (/\d/.test(next)) parts.push({ type: 'group', index: Number(next) });
      else if ('LUluE'.includes(next) && next !== '') parts.push({ type: 'case', mode: next });
      else push({ n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\u0007' }[next] ?? next);
    }
  }
  return parts;
}
