// Parses POSIX shell text into a syntax tree. Pure.
import {
  type Assignment,
  type Command,
  type List,
  type ListItem,
  type Pipeline,
  type Redirect,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';
import { WordReader } from './word-reader.ts';

const RESERVED_ENDS = new Set(['then', 'fi', 'elif', 'else', 'do', 'done', 'esac', '}', ')', ';;']);
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
const FUNCTION_HEAD = /^([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)/;
const REDIRECT = /^(\d*)(<<-?|>>|>&|<&|<>|>\||<|>)/;

/** Throws {@link ShellSyntaxError}. */
export function parseShell(source: string): List {
  return new Parser(source).script();
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

  constructor(source: string) {
    this.#source = source;
    this.#reader = new WordReader(source);
  }

  script(): List {
    const list = this.#list();
    if (this.#reader.at < this.#source.length) throw this.#unexpected();
    return list;
  }

  /** Commands up to a reserved word that ends them, or the end. */
  #list(): ListItem[] {
    const items: ListItem[] = [];
    let joint: ListItem['joint'] = 'always';
    for (;;) {
      this.#skipLines();
      if (this.#isAtEnd()) break;
      const start = this.#reader.at;
      const pipeline = this.#pipeline();
      const source = this.#source.slice(start, this.#reader.at);
      this.#skipBlanks();
      const isBackground = this.#source.startsWith('&', this.#reader.at) && !this.#source.startsWith('&&', this.#reader.at);
      items.push({ pipeline, joint, isBackground, source });
      joint = this.#joint(isBackground);
    }
    if (joint !== 'always') throw new ShellSyntaxError('syntax error: unexpected end of file', true);
    return items;
  }

  #joint(isBackground: boolean): ListItem['joint'] {
    if (this.#take('&&')) return 'and';
    if (this.#take('||')) return 'or';
    if (isBackground) this.#take('&');
    else if (!this.#source.startsWith(';;', this.#reader.at)) this.#take(';');
    return 'always';
  }

  #pipeline(): Pipeline {
    const isNegated = this.#takeWord('!');
    const commands = [this.#command()];
    for (;;) {
      this.#skipBlanks();
      if (this.#source.startsWith('||', this.#reader.at) || !this.#take('|')) break;
      this.#skipLines();
      commands.push(this.#command());
    }
    return { isNegated, commands };
  }

  #command(): Command {
    this.#skipBlanks();
    const start = this.#reader.at;
    const compound = this.#compound();
    const { redirects: inner, ...body } = compound === null ? this.#simple() : { ...compound, redirects: [] as Redirect[] };
    const redirects = [...inner];
    for (let redirect = this.#redirect(); redirect !== null; redirect = this.#redirect()) redirects.push(redirect);
    return { ...body, redirects, source: this.#source.slice(start, this.#reader.at) } as unknown as Command;
  }

  #compound(): object | null {
    if (this.#take('(')) {
      const body = this.#list();
      this.#expect(')');
      return { type: 'subshell', body };
    }
    if (this.#takeWord('{')) {
      const body = this.#list();
      this.#expectWord('}');
      return { type: 'group', body };
    }
    if (this.#takeWord('if')) return this.#if();
    if (this.#takeWord('for')) return this.#for();
    if (this.#takeWord('case')) return this.#case();
    for (const type of ['while', 'until'] as const) {
      if (!this.#takeWord(type)) continue;
      const condition = this.#list();
      return { type, condition, body: this.#doBody() };
    }
    const head = FUNCTION_HEAD.exec(this.#source.slice(this.#reader.at));
    if (head === null) return null;
    this.#reader.at += head[0].length;
    this.#skipLines();
    return { type: 'function', name: head[1] ?? '', body: this.#command() };
  }

  #if(): object {
    const branches: { condition: List; body: List }[] = [];
    do {
      const condition = this.#list();
      this.#expectWord('then');
      branches.push({ condition, body: this.#list() });
    } while (this.#takeWord('elif'));
    const otherwise = this.#takeWord('else') ? this.#list() : null;
    this.#expectWord('fi');
    return { type: 'if', branches, otherwise };
  }

  #for(): object {
    this.#skipBlanks();
    const name = /^[A-Za-z_]\w*/.exec(this.#source.slice(this.#reader.at))?.[0];
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
    this.#skipLines();
    return { type: 'for', name, words, body: this.#doBody() };
  }

  #case(): object {
    const subject = this.#word();
    if (subject === null) throw this.#unexpected();
    this.#skipLines();
    this.#expectWord('in');
    const branches: { patterns: Word[]; body: List }[] = [];
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
      branches.push({ patterns, body: this.#list() });
      this.#skipLines();
      this.#take(';;');
    }
    return { type: 'case', subject, branches };
  }

  #doBody(): List {
    this.#skipLines();
    this.#expectWord('do');
    const body = this.#list();
    this.#expectWord('done');
    return body;
  }

  #simple(): Omit<Extract<Command, { type: 'simple' }>, 'source'> {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      this.#skipBlanks();
      const redirect = this.#redirect();
      if (redirect !== null) {
        redirects.push(redirect);
        continue;
      }
      const assigned = words.length === 0 ? ASSIGNMENT.exec(this.#source.slice(this.#reader.at)) : null;
      if (assigned !== null) {
        this.#reader.at += assigned[0].length;
        assignments.push({ name: assigned[0].slice(0, -1), value: this.#reader.word() ?? [] });
        continue;
      }
      const word = this.#word();
      if (word === null) break;
      words.push(word);
    }
    if (assignments.length + words.length + redirects.length === 0) throw this.#unexpected();
    return { type: 'simple', assignments, words, redirects };
  }

  #redirect(): Redirect | null {
    this.#skipBlanks();
    const match = REDIRECT.exec(this.#source.slice(this.#reader.at));
    if (match === null) return null;
    const [whole, number = '', operator = ''] = match;
    this.#reader.at += whole.length;
    const fd = number === '' ? (operator.startsWith('<') ? 0 : 1) : Number(number);
    this.#skipBlanks();
    if (operator.startsWith('<<')) return this.#hereDocument(fd, operator === '<<-');
    const target = this.#word();
    if (target === null) throw this.#unexpected();
    return { fd, operator: (operator === '>|' ? '>' : operator) as Redirect['operator'], target };
  }

  /** The text comes after the end of this line; the redirect is filled in then. */
  #hereDocument(fd: number, stripsTabs: boolean): Redirect {
    const raw = /^(?:'[^']*'|"[^"]*"|\\.|[^\s;&|<>()])+/.exec(this.#source.slice(this.#reader.at))?.[0] ?? '';
    this.#reader.at += raw.length;
    const isQuoted = /['"\\]/.test(raw);
    let text: Word = [];
    this.#heres.push({ delimiter: raw.replaceAll(/['"\\]/g, ''), stripsTabs, isQuoted, fill: (word) => (text = word) });
    return {
      fd,
      operator: '<<',
      get target() {
        return text;
      },
    };
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
      here.fill(here.isQuoted ? [{ type: 'text', text, isQuoted: true }] : WordReader.quotedText(text));
    }
  }

  #word(): Word | null {
    this.#skipBlanks();
    return this.#reader.word();
  }

  #skipBlanks(): void {
    const blank = /^(?:[ \t]|\\\n)*(?:#[^\n]*)?/.exec(this.#source.slice(this.#reader.at))?.[0] ?? '';
    this.#reader.at += blank.length;
  }

  #skipLines(): void {
    for (;;) {
      this.#skipBlanks();
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
    if (this.#source[this.#reader.at] === ')' || this.#source.startsWith(';;', this.#reader.at)) return true;
    const word = /^[^\s;&|<>()'"$`\\]+/.exec(this.#source.slice(this.#reader.at))?.[0];
    return word !== undefined && RESERVED_ENDS.has(word);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#reader.at)) return false;
    this.#reader.at += text.length;
    return true;
  }

  #takeWord(word: string): boolean {
    this.#skipBlanks();
    const after = this.#source[this.#reader.at + word.length];
    if (!this.#source.startsWith(word, this.#reader.at) || (after !== undefined && !/[\s;&|<>()]/.test(after))) return false;
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
    const found = this.#source.slice(this.#reader.at).split(/\s/, 1)[0] ?? '';
    if (this.#reader.at >= this.#source.length) return new ShellSyntaxError('syntax error: unexpected end of file', true);
    return new ShellSyntaxError(`syntax error near unexpected token '${found === '' ? 'newline' : found}'`);
  }
}
