// Parses shell text into a syntax tree: POSIX, and bash's additions. Pure.
import { ConditionParser } from './condition-parser.ts';
import {
  type Assignment,
  type Command,
  type CommandBody,
  type List,
  type ListItem,
  type Pipeline,
  type Redirect,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';
import { matchingBracket, WordReader } from './word-reader.ts';

const RESERVED_ENDS = new Set(['then', 'fi', 'elif', 'else', 'do', 'done', 'esac', '}', ')', ';;', ';&', ';;&']);
const ASSIGNMENT = /^([A-Za-z_]\w*)(?:\[|(\+?)=)/;
const FUNCTION_HEAD = /^([A-Za-z_][\w.:-]*)[ \t]*\([ \t]*\)/;
const REDIRECT = /^(\d*)(<<<|<<-?|>>|>&|<&|<>|>\||<(?!\()|>(?!\())/;
const BOTH_REDIRECT = /^&>>?/;
const DECLARATIONS = new Set(['export', 'readonly', 'local', 'declare', 'typeset']);

/** Throws {@link ShellSyntaxError}. */
export function parseShell(source: string): List {
  return new Parser(source).script();
}

/** The words of an arithmetic expression, as `$((...))` has them. */
export function parseExpression(text: string): Word {
  return WordReader.quotedText(text, parseNested);
}

function parseNested(source: string, at: number): { list: List; at: number } {
  return new Parser(source, at).nested();
}

interface PendingHere {
  readonly delimiter: string;
  readonly stripsTabs: boolean;
  readonly isQuoted: boolean;
  readonly fill: (text: Word) => void;
}

class Parser {
  readonly #source: string;
  readonly #reader: WordReader;
  readonly #heres: PendingHere[] = [];

  constructor(source: string, at = 0) {
    this.#source = source;
    this.#reader = new WordReader(source, parseNested);
    this.#reader.at = at;
  }

  script(): List {
    const list = this.#list();
    if (this.#reader.at < this.#source.length) throw this.#unexpected();
    return list;
  }

  nested(): { list: List; at: number } {
    const list = this.#list();
    if (this.#source[this.#reader.at] !== ')') throw this.#unexpected();
    return { list, at: this.#reader.at };
  }

  /** Commands up to a reserved word that ends them, or the end. */
  #list(): ListItem[] {
    const items: ListItem[] = [];
    for (;;) {
      this.#skipLines();
      if (this.#isAtEnd()) return items;
      const start = this.#reader.at;
      const chain = this.#chain();
      const source = this.#source.slice(start, this.#reader.at).trim();
      this.#skipBlanks();
      const isBackground = this.#source[this.#reader.at] === '&';
      items.push({ chain, isBackground, source });
      if (isBackground) this.#reader.at++;
      else if (!/^;[;&]/.test(this.#ahead(2)) && !this.#take(';') && !this.#isAtEnd() && this.#ahead(1) !== '\n') throw this.#unexpected();
    }
  }

  #chain(): ListItem['chain'] {
    const chain: { pipeline: Pipeline; joint: 'and' | 'or' }[] = [{ pipeline: this.#pipeline(), joint: 'and' }];
    for (;;) {
      this.#skipBlanks();
      const joint = this.#take('&&') ? 'and' : this.#take('||') ? 'or' : null;
      if (joint === null) return chain;
      this.#skipLines();
      chain.push({ joint, pipeline: this.#pipeline() });
    }
  }

  #pipeline(): Pipeline {
    const isTimed = this.#takeWord('time');
    if (isTimed) this.#takeWord('-p');
    let isNegated = false;
    while (this.#takeWord('!')) isNegated = !isNegated;
    const commands = [this.#command()];
    for (;;) {
      this.#skipBlanks();
      if (this.#ahead(2) === '||' || !this.#take('|')) return { isNegated, isTimed, commands };
      if (this.#take('&')) {
        const last = commands.pop() as Command;
        commands.push({
          ...last,
          redirects: [...last.redirects, { fd: 2, operator: '>&', target: [{ type: 'text', text: '1', isQuoted: true }] }],
        });
      }
      this.#skipLines();
      commands.push(this.#command());
    }
  }

  #command(): Command {
    this.#skipBlanks();
    const start = this.#reader.at;
    const redirects: Redirect[] = [];
    const body = this.#compound() ?? this.#simple(redirects);
    for (let redirect = this.#redirect(); redirect !== null; redirect = this.#redirect()) redirects.push(redirect);
    return { ...body, redirects, source: this.#source.slice(start, this.#reader.at).trim() };
  }

  #compound(): CommandBody | null {
    const ahead = this.#ahead(2);
    if (ahead === '((') {
      const inside = this.#reader.doubleBracket();
      if (inside !== null) return { type: 'arithmetic', expression: parseExpression(inside) };
    }
    if (this.#take('(')) {
      const body = this.#body();
      this.#expect(')');
      return { type: 'subshell', body };
    }
    if (this.#takeWord('{')) {
      const body = this.#body();
      this.#expectWord('}');
      return { type: 'group', body };
    }
    if (ahead === '[[' && this.#takeWord('[['))
      return { type: 'conditional', condition: new ConditionParser(this.#reader, this.#source).parse() };
    if (this.#takeWord('if')) return this.#if();
    if (this.#takeWord('for')) return this.#for();
    if (this.#takeWord('case')) return this.#case();
    for (const type of ['while', 'until'] as const) {
      if (!this.#takeWord(type)) continue;
      const condition = this.#body();
      return { type, condition, body: this.#doBody() };
    }
    return this.#function();
  }

  #function(): CommandBody | null {
    const hasKeyword = this.#takeWord('function');
    this.#skipBlanks();
    const rest = this.#source.slice(this.#reader.at, this.#reader.at + 256);
    const head = (hasKeyword ? /^([^\s(){}]+)(?:[ \t]*\([ \t]*\))?/ : FUNCTION_HEAD).exec(rest);
    if (head === null) {
      if (hasKeyword) throw this.#unexpected();
      return null;
    }
    this.#reader.at += head[0].length;
    this.#skipLines();
    return { type: 'function', name: head[1] ?? '', body: this.#command() };
  }

  #if(): CommandBody {
    const branches: { condition: List; body: List }[] = [];
    do {
      const condition = this.#body();
      this.#expectWord('then');
      branches.push({ condition, body: this.#body() });
    } while (this.#takeWord('elif'));
    const otherwise = this.#takeWord('else') ? this.#body() : null;
    this.#expectWord('fi');
    return { type: 'if', branches, otherwise };
  }

  #for(): CommandBody {
    this.#skipBlanks();
    if (this.#ahead(2) === '((') return this.#arithmeticFor();
    const name = /^[A-Za-z_]\w*/.exec(this.#ahead(256))?.[0];
    if (name === undefined) throw this.#unexpected();
    this.#reader.at += name.length;
    this.#skipLines();
    let words: Word[] | null = null;
    if (this.#takeWord('in')) {
      words = [];
      for (let word = this.#word(); word !== null; word = this.#word()) words.push(word);
    }
    this.#skipBlanks();
    this.#take(';');
    return { type: 'for', name, words, body: this.#doBody() };
  }

  #arithmeticFor(): CommandBody {
    const [start = '', test = '', step = ''] = (this.#reader.doubleBracket() ?? '').split(';');
    this.#skipBlanks();
    this.#take(';');
    this.#skipLines();
    const body = this.#takeWord('{') ? this.#body() : this.#doBody();
    this.#takeWord('}');
    return { type: 'arithmetic-for', start: parseExpression(start), test: parseExpression(test), step: parseExpression(step), body };
  }

  #case(): CommandBody {
    const subject = this.#word();
    if (subject === null) throw this.#unexpected();
    this.#skipLines();
    this.#expectWord('in');
    const branches: { patterns: Word[]; body: List; end: string }[] = [];
    for (;;) {
      this.#skipLines();
      if (this.#takeWord('esac')) break;
      this.#take('(');
      const patterns: Word[] = [];
      do {
        const pattern = this.#word();
        if (pattern === null) throw this.#unexpected();
        patterns.push(pattern);
        this.#skipBlanks();
      } while (this.#take('|'));
      this.#expect(')');
      const body = this.#list();
      this.#skipLines();
      const end = [';;&', ';;', ';&'].find((one) => this.#take(one)) ?? ';;';
      branches.push({ patterns, body, end });
    }
    return { type: 'case', subject, branches };
  }

  #doBody(): List {
    this.#skipLines();
    this.#expectWord('do');
    const body = this.#body();
    this.#expectWord('done');
    return body;
  }

  /** A list of at least one command. */
  #body(): List {
    const list = this.#list();
    if (list.length === 0) throw this.#unexpected();
    return list;
  }

  #simple(redirects: Redirect[]): CommandBody {
    const assignments: Assignment[] = [];
    const declarations: Assignment[] = [];
    const words: Word[] = [];
    for (;;) {
      this.#skipBlanks();
      const redirect = this.#redirect();
      if (redirect !== null) {
        redirects.push(redirect);
        continue;
      }
      const isDeclaration = DECLARATIONS.has(literal(words[0]));
      const assigned = words.length === 0 || isDeclaration ? this.#assignment() : null;
      if (assigned !== null) {
        (isDeclaration ? declarations : assignments).push(assigned);
        continue;
      }
      const word = this.#word();
      if (word === null) break;
      words.push(word);
    }
    if (assignments.length + words.length + redirects.length === 0) throw this.#unexpected();
    return { type: 'simple', assignments, words, declarations };
  }

  #assignment(): Assignment | null {
    const rest = this.#ahead(512);
    const match = ASSIGNMENT.exec(rest);
    if (match === null) return null;
    const [whole, name = ''] = match;
    let index: Word | null = null;
    let length = whole.length;
    let isAppended = match[2] === '+';
    if (whole.endsWith('[')) {
      const close = matchingBracket(rest.slice(name.length));
      const after = /^(\+?)=/.exec(rest.slice(name.length + close + 1));
      if (close === -1 || after === null) return null;
      index = parseExpression(rest.slice(name.length + 1, name.length + close).replaceAll(/^["']|["']$/g, ''));
      isAppended = after[1] === '+';
      length = name.length + close + 1 + after[0].length;
    }
    this.#reader.at += length;
    if (index === null && this.#take('(')) return { name, index, isAppended, value: [], elements: this.#elements() };
    return { name, index, isAppended, value: this.#reader.word() ?? [], elements: null };
  }

  #elements(): { key: Word | null; value: Word }[] {
    const elements: { key: Word | null; value: Word }[] = [];
    for (;;) {
      this.#skipLines();
      if (this.#take(')')) return elements;
      const rest = this.#ahead(512);
      const close = rest.startsWith('[') ? matchingBracket(rest) : -1;
      if (close > 0 && rest[close + 1] === '=') {
        this.#reader.at += close + 2;
        elements.push({ key: parseExpression(rest.slice(1, close).replaceAll(/^["']|["']$/g, '')), value: this.#reader.word() ?? [] });
        continue;
      }
      const word = this.#word();
      if (word === null) throw this.#unexpected();
      elements.push({ key: null, value: word });
    }
  }

  #redirect(): Redirect | null {
    this.#skipBlanks();
    const rest = this.#ahead(16);
    const both = BOTH_REDIRECT.exec(rest);
    if (both !== null) {
      this.#reader.at += both[0].length;
      return { fd: 1, operator: both[0] as '&>' | '&>>', target: this.#target() };
    }
    const match = REDIRECT.exec(rest);
    if (match === null) return null;
    const [whole, number = '', operator = ''] = match;
    this.#reader.at += whole.length;
    const fd = number === '' ? (operator.startsWith('<') ? 0 : 1) : Number(number);
    if (operator === '<<<') return { fd, operator: '<<', target: [...this.#target(), { type: 'text', text: '\n', isQuoted: true }] };
    this.#skipBlanks();
    if (operator.startsWith('<<')) return this.#hereDocument(fd, operator === '<<-');
    return { fd, operator: operator as Redirect['operator'], target: this.#target() };
  }

  #target(): Word {
    const target = this.#word();
    if (target === null) throw this.#unexpected();
    return target;
  }

  /** The text comes after the end of this line; the redirect is filled in then. */
  #hereDocument(fd: number, stripsTabs: boolean): Redirect {
    const raw = /^(?:'[^']*'|"[^"]*"|\\.|[^\s;&|<>()])+/.exec(this.#source.slice(this.#reader.at))?.[0] ?? '';
    if (raw === '') throw this.#unexpected();
    this.#reader.at += raw.length;
    const redirect: Redirect = { fd, operator: '<<', target: [] };
    this.#heres.push({
      delimiter: raw.replaceAll(/['"\\]/g, ''),
      stripsTabs,
      isQuoted: /['"\\]/.test(raw),
      fill: (word) => (redirect.target = word),
    });
    return redirect;
  }

  #readHereDocuments(): void {
    for (const here of this.#heres.splice(0)) {
      const lines: string[] = [];
      for (;;) {
        if (this.#reader.at >= this.#source.length) throw new ShellSyntaxError('here-document is not ended', true);
        const end = this.#source.indexOf('\n', this.#reader.at);
        const line = this.#source.slice(this.#reader.at, end === -1 ? undefined : end);
        this.#reader.at = end === -1 ? this.#source.length : end + 1;
        const plain = here.stripsTabs ? line.replace(/^\t+/, '') : line;
        if (plain === here.delimiter) break;
        lines.push(`${plain}\n`);
      }
      const text = lines.join('');
      here.fill(here.isQuoted ? [{ type: 'text', text, isQuoted: true }] : WordReader.quotedText(text, parseNested));
    }
  }

  #word(): Word | null {
    this.#skipBlanks();
    return this.#reader.word();
  }

  #ahead(length: number): string {
    return this.#source.slice(this.#reader.at, this.#reader.at + length);
  }

  #skipBlanks(): void {
    const source = this.#source;
    let { at } = this.#reader;
    for (;;) {
      if (source[at] === ' ' || source[at] === '\t') at++;
      else if (source[at] === '\\' && source[at + 1] === '\n') at += 2;
      else if (source[at] === '#') {
        const end = source.indexOf('\n', at);
        at = end === -1 ? source.length : end;
      } else break;
    }
    this.#reader.at = at;
  }

  #skipLines(): void {
    for (;;) {
      this.#skipBlanks();
      if (this.#ahead(2) === '\r\n') this.#reader.at++;
      if (this.#source[this.#reader.at] !== '\n') return;
      this.#reader.at++;
      this.#readHereDocuments();
    }
  }

  #isAtEnd(): boolean {
    if (this.#reader.at >= this.#source.length) {
      if (this.#heres.length > 0) throw new ShellSyntaxError('here-document is not ended', true);
      return true;
    }
    if (this.#source[this.#reader.at] === ')' || /^;[;&]/.test(this.#ahead(2))) return true;
    const word = /^[^\s;&|<>()'"$`\\]+(?=[\s;&|<>()]|$)/.exec(this.#ahead(8))?.[0];
    return word !== undefined && RESERVED_ENDS.has(word);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#reader.at)) return false;
    this.#reader.at += text.length;
    return true;
  }

  #takeWord(word: string): boolean {
    this.#skipBlanks();
    if (!this.#source.startsWith(word, this.#reader.at)) return false;
    const after = this.#source[this.#reader.at + word.length];
    if (after !== undefined && !/[\s;&|<>()]/.test(after)) return false;
    this.#reader.at += word.length;
    return true;
  }

  #expect(text: string): void {
    this.#skipLines();
    if (!this.#take(text)) throw this.#unexpected();
  }

  #expectWord(word: string): void {
    this.#skipLines();
    if (!this.#takeWord(word)) throw this.#unexpected();
  }

  #unexpected(): ShellSyntaxError {
    const found = /^(?:;;|&&|\|\||[;&|()<>]|[^\s;&|()<>]+)?/.exec(this.#ahead(64))?.[0] ?? '';
    if (this.#reader.at >= this.#source.length) return new ShellSyntaxError('Syntax error: end of file unexpected', true);
    return new ShellSyntaxError(`Syntax error: ${found === '' ? 'newline' : `"${found}"`} unexpected`);
  }
}

function literal(word: Word | undefined): string {
  const [only] = word ?? [];
  return word?.length === 1 && only?.type === 'text' && !only.isQuoted ? only.text : '';
}
