// awk's files and commands: records in, redirected output out. Everything blocks, so that programs run in order.
import type { ExitStatus } from '#protocol';
import { absolutePath, openFile, type ToolContext } from '../../tool.ts';
import { startCommand, statusOf } from '../../tool-context.ts';
import { pipeBetween, type Stream } from '../../sh/streams.ts';
import { decodeText, encodeText } from '../../text.ts';

export class RecordReader {
  readonly #chunks: Iterator<Uint8Array>;
  #text = '';
  #isEnded = false;
  #pending: Uint8Array[] = [];

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** The next record by RS: one character, a paragraph (`''`), or an expression; `null` at the end. */
  next(separator: string | RegExp): string | null {
    for (;;) {
      const cut = this.#cut(separator);
      if (cut !== null) return cut;
      if (this.#isEnded) return this.#rest(separator);
      this.#fill();
    }
  }

  #cut(separator: string | RegExp): string | null {
    if (separator === '') {
      const start = /^\n+/.exec(this.#text)?.[0].length ?? 0;
      const match = /\n\n+/.exec(this.#text.slice(start));
      // More newlines may follow the ones that are here.
      if (match === null || (!this.#isEnded && start + match.index + match[0].length === this.#text.length)) return null;
      const record = this.#text.slice(start, start + match.index);
      this.#text = this.#text.slice(start + match.index + match[0].length);
      return record;
    }
    if (typeof separator === 'string') {
      const at = this.#text.indexOf(separator);
      if (at === -1) return null;
      const record = this.#text.slice(0, at);
      this.#text = this.#text.slice(at + separator.length);
      return record;
    }
    const match = separator.exec(this.#text);
    if (match === null || match[0] === '' || (!this.#isEnded && match.index + match[0].length === this.#text.length)) return null;
    const record = this.#text.slice(0, match.index);
    this.#text = this.#text.slice(match.index + match[0].length);
    return record;
  }

  #rest(separator: string | RegExp): string | null {
    const text = separator === '' ? this.#text.replaceAll(/^\n+|\n+$/g, '') : this.#text;
    this.#text = '';
    return text === '' ? null : text;
  }

  #fill(): void {
    const next = this.#chunks.next();
    if (next.done === true) {
      this.#isEnded = true;
      this.#text += decodeText(joined(this.#pending.splice(0)));
      return;
    }
    const chunk = next.value;
    // Up to the last whole line the bytes are whole characters.
    const end = chunk.lastIndexOf(0x0a) + 1 || lastBoundary(chunk);
    this.#pending.push(chunk.slice(0, end));
    this.#text += decodeText(joined(this.#pending.splice(0)));
    this.#pending.push(chunk.slice(end));
  }
}

function lastBoundary(chunk: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= chunk.length; back++)
    if (((chunk[chunk.length - back] ?? 0) & 0xc0) === 0xc0) return chunk.length - back;
  return chunk.length;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

interface Sink {
  write(text: string): void;
  close(): number;
}

/** Streams by the name the program uses. */
export class InputOutput {
  readonly #context: ToolContext;
  readonly #sinks = new Map<string, Sink>();
  readonly #sources = new Map<string, { readonly reader: RecordReader; close(): number }>();

  constructor(context: ToolContext) {
    this.#context = context;
  }

  write(operator: '>' | '>>' | '|', name: string, text: string): void {
    let sink = this.#sinks.get(name);
    if (sink === undefined) {
      sink = operator === '|' ? this.#command(name) : this.#file(name, operator);
      this.#sinks.set(name, sink);
    }
    sink.write(text);
  }

  /** `undefined` where the source cannot be opened. */
  reader(kind: 'file' | 'command', name: string): RecordReader | undefined {
    const known = this.#sources.get(name);
    if (known !== undefined) return known.reader;
    const opened = kind === 'command' ? this.#commandOutput(name) : this.#openFile(name);
    if (opened !== undefined) this.#sources.set(name, opened);
    return opened?.reader;
  }

  close(name: string): number {
    const opened = this.#sinks.get(name) ?? this.#sources.get(name);
    this.#sinks.delete(name);
    this.#sources.delete(name);
    return opened === undefined ? -1 : opened.close();
  }

  closeAll(): void {
    for (const name of [...this.#sinks.keys(), ...this.#sources.keys()]) this.close(name);
  }

  system(command: string): number {
    this.#context.flush();
    return this.#wait(this.#start(command, this.#context.streams));
  }

  #start(command: string, streams: readonly (Stream | undefined)[]): number {
    const { env, cwd } = this.#context;
    return startCommand(this.#context, ['sh', '-c', command], { env, streams, cwd });
  }

  #wait(pid: number): number {
    return pid < 0 ? 127 : statusOf(this.#context.host.callSync<ExitStatus>({ type: 'wait', pid }));
  }

  #file(name: string, operator: '>' | '>>'): Sink {
    const context = this.#context;
    if (name === '/dev/stdout' || name === '-') return { write: (text) => context.write(text), close: () => 0 };
    if (name === '/dev/stderr') return { write: (text) => context.writeError(text), close: () => 0 };
    const handle = context.fs.open(absolutePath(context.cwd, name), operator === '>' ? 0o1101 : 0o2101, 0o666 & ~context.umask);
    if (handle < 0) throw new Error(`can't open file ${name}`);
    return {
      write: (text) => {
        const bytes = encodeText(text);
        for (let done = 0; done < bytes.length;) done += Math.max(1, context.fs.write(handle, bytes.subarray(done), -1));
      },
      close: () => context.fs.close(handle),
    };
  }

  #command(command: string): Sink {
    const context = this.#context;
    context.flush();
    const pipe = pipeBetween(context.host);
    const pid = this.#start(command, [pipe.read, ...context.streams.slice(1)]);
    pipe.releaseRead();
    return {
      write: (text) => void context.io.write(pipe.write, encodeText(text)),
      close: () => {
        context.flush();
        pipe.releaseWrite();
        return this.#wait(pid);
      },
    };
  }

  #commandOutput(command: string): { reader: RecordReader; close(): number } {
    const context = this.#context;
    context.flush();
    const pipe = pipeBetween(context.host);
    const pid = this.#start(command, [context.streams[0], pipe.write, ...context.streams.slice(2)]);
    pipe.releaseWrite();
    const chunks = (function* read(): Generator<Uint8Array> {
      for (let chunk = context.io.read(pipe.read); chunk.length > 0; chunk = context.io.read(pipe.read)) yield chunk;
    })();
    return {
      reader: new RecordReader(chunks),
      close: () => {
        pipe.releaseRead();
        return this.#wait(pid);
      },
    };
  }

  #openFile(name: string): { reader: RecordReader; close(): number } | undefined {
    const opened = openFile(this.#context, name === '-' ? '/dev/stdin' : name);
    if (typeof opened === 'number') return undefined;
    return { reader: new RecordReader(opened.chunks), close: () => (opened.handle >= 0 ? this.#context.fs.close(opened.handle) : 0) };
  }
}
