// An interpreter that runs cells: speaks JSON lines with a Python process over its standard streams. Page side.
import { VerkletError, type ExitStatus } from '#protocol';
import type { CellOutput, CellResult, CellRun, Completions, Process, PythonSession } from './api.ts';
import { parseSessionLine, type FromPythonSession, type ToPythonSession } from './python-session-messages.ts';

const KILL_GRACE_MS = 2000;
const NO_COMPLETIONS: Completions = { length: 0, items: [] };

interface PendingCell {
  readonly run: CellRun;
  readonly settled: PromiseWithResolvers<CellResult>;
  count: number;
}

/** Resolves when the interpreter is ready for cells; rejects with `ERR_PYTHON_ENDED`. */
export async function startPythonSession(process: Process): Promise<PythonSession> {
  const session = new ProcessSession(process);
  await session.ready;
  return session;
}

class ProcessSession implements PythonSession {
  readonly pid: number;
  readonly ended: Promise<ExitStatus>;
  readonly ready: Promise<void>;
  readonly #process: Process;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #started = Promise.withResolvers<void>();
  readonly #cells = new Map<number, PendingCell>();
  readonly #completions = new Map<number, (found: Completions) => void>();
  #current: PendingCell | null = null;
  #lastErrors = '';
  #lastId = 0;
  #isOver = false;

  constructor(process: Process) {
    this.#process = process;
    this.pid = process.pid;
    this.ready = this.#started.promise;
    this.#writer = process.input.getWriter();
    this.ended = process.exit;
    const read = Promise.all([
      readText(
        process.output,
        lineSplitter((line) => this.#take(line)),
      ),
      readText(process.errors, (text) => this.#takeFromChildren(text)),
    ]);
    void process.exit.then(
      async (status) => {
        await read;
        this.#fail(status.signal ?? `code ${status.code}${this.#lastErrors === '' ? '' : `: ${this.#lastErrors.trim()}`}`);
      },
      () => this.#fail('the runtime was closed'),
    );
  }

  execute(code: string, run: CellRun): Promise<CellResult> {
    if (this.#isOver) return Promise.reject(new VerkletError('ERR_PYTHON_ENDED', { reason: 'it is over' }));
    const id = ++this.#lastId;
    const settled = Promise.withResolvers<CellResult>();
    this.#cells.set(id, { run, settled, count: 0 });
    this.#send({ type: 'execute', id, code });
    return settled.promise;
  }

  complete(textBeforeCursor: string): Promise<Completions> {
    if (this.#isOver || this.#cells.size > 0) return Promise.resolve(NO_COMPLETIONS);
    const id = ++this.#lastId;
    this.#send({ type: 'complete', id, code: textBeforeCursor });
    return new Promise((resolve) => this.#completions.set(id, resolve));
  }

  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  async end(): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), KILL_GRACE_MS);
    // A runtime that was closed has ended it, too.
    await this.ended.catch(() => undefined);
    clearTimeout(timer);
  }

  #send(message: ToPythonSession): void {
    // A process that is gone is told by its exit.
    void this.#writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)).catch(() => undefined);
  }

  #take(line: string): void {
    const message = parseSessionLine(line);
    if (message === null) return this.#show({ type: 'stream', stream: 'stdout', text: `${line}\n` }, this.#current);
    switch (message.type) {
      case 'ready':
        return this.#started.resolve();
      case 'started':
        return this.#begin(message.id, message.count);
      case 'finished':
        return this.#finish(message);
      case 'ask':
        return void this.#ask(message);
      case 'completed':
        this.#completions.get(message.id)?.(message);
        this.#completions.delete(message.id);
        return;
      default: {
        const { id, ...output } = message;
        return this.#show(output, (id === null ? null : this.#cells.get(id)) ?? this.#current);
      }
    }
  }

  #begin(id: number, count: number): void {
    const cell = this.#cells.get(id);
    if (!cell) return;
    cell.count = count;
    this.#current = cell;
    cell.run.onStart?.(count);
  }

  #finish({ id, outcome }: Extract<FromPythonSession, { type: 'finished' }>): void {
    const cell = this.#cells.get(id);
    this.#cells.delete(id);
    // What children wrote came over another pipe: it is here before whoever waits goes on.
    setTimeout(() => cell?.settled.resolve({ outcome, count: cell.count }));
  }

  async #ask({ id, prompt, isSecret }: Extract<FromPythonSession, { type: 'ask' }>): Promise<void> {
    const answer = await this.#cells.get(id)?.run.onInput?.(prompt, isSecret);
    this.#send({ type: 'answer', text: answer ?? null });
  }

  #takeFromChildren(text: string): void {
    this.#lastErrors = (this.#lastErrors + text).slice(-2000);
    this.#show({ type: 'stream', stream: 'stdout', text }, this.#current);
  }

  /** After the last cell, output of what it left running is still its own. */
  #show(output: CellOutput, cell: PendingCell | null): void {
    cell?.run.onOutput(output);
  }

  #fail(reason: string): void {
    this.#isOver = true;
    const error = new VerkletError('ERR_PYTHON_ENDED', { reason });
    this.#started.reject(error);
    // Whoever started it may have stopped waiting.
    this.#started.promise.catch(() => undefined);
    for (const { settled } of this.#cells.values()) settled.reject(error);
    this.#cells.clear();
    for (const resolve of this.#completions.values()) resolve(NO_COMPLETIONS);
    this.#completions.clear();
  }
}

async function readText(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) take(decoder.decode(next.value, { stream: true }));
}

/** Collects parts without joining them before a line is whole: a picture is one long line. */
function lineSplitter(take: (line: string) => void): (text: string) => void {
  let parts: string[] = [];
  return (text) => {
    const lines = text.split('\n');
    parts.push(lines.shift() ?? '');
    for (const line of lines) {
      take(parts.join(''));
      parts = [line];
    }
  };
}
