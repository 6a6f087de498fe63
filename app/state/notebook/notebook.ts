// One open notebook: its cells, what is selected, and the interpreter that runs them. Text of the file is kept in OpenFiles.
import { computed, signal } from '@preact/signals';
import type { CellOutput, PythonSession, Runtime } from '@verklet/sdk';
import { notify } from '../notices.ts';
import { type Cell, type CellType, newCell, type NotebookFile, parseNotebook, writeNotebook } from './notebook-file.ts';
import { OutputList, updated } from './outputs.ts';

export type SessionState = 'none' | 'starting' | 'idle' | 'busy' | 'ended';

/** `input()` waits for a person. */
export interface Question {
  readonly cell: string;
  readonly prompt: string;
  readonly isSecret: boolean;
  answer(text: string | null): void;
}

/** A loop that prints must not draw the page for each line. */
const DRAW_INTERVAL_MS = 40;

export class Notebook {
  readonly path: string;
  readonly cells = signal<readonly Cell[]>([]);
  readonly selected = signal('');
  /** The selected cell's text has the focus, or gets it. */
  readonly isEditing = signal(false);
  /** Counts wishes to move the focus, so that asking twice works. */
  readonly focusWish = signal(0);
  readonly waiting = signal<ReadonlySet<string>>(new Set());
  readonly running = signal<string | null>(null);
  readonly state = signal<SessionState>('none');
  readonly question = signal<Question | null>(null);
  readonly index = computed(() => this.cells.value.findIndex(({ id }) => id === this.selected.value));
  readonly #runtime: Runtime;
  readonly #onChange: () => void;
  #metadata: NotebookFile['metadata'] = {};
  #session: Promise<PythonSession> | null = null;
  #lastRemoved: { readonly cell: Cell; readonly index: number } | null = null;
  /** Outputs that came since the cells were drawn. */
  readonly #growing = new Map<string, OutputList>();
  #drawTimer: ReturnType<typeof setTimeout> | null = null;
  #lastRun: Promise<void> = Promise.resolve();
  /** Counts failures, interruptions and restarts: cells that wait do not outlive one. */
  #stops = 0;

  /** Throws where the text is no notebook. */
  constructor(path: string, text: string, runtime: Runtime, onChange: () => void) {
    this.path = path;
    this.#runtime = runtime;
    this.#onChange = onChange;
    this.load(text);
  }

  load(text: string): void {
    const { cells, metadata } = parseNotebook(text);
    this.#metadata = metadata;
    this.cells.value = cells;
    if (!cells.some(({ id }) => id === this.selected.value)) this.selected.value = cells[0]?.id ?? '';
  }

  text(): string {
    this.#draw();
    return writeNotebook({ cells: this.cells.value, metadata: this.#metadata });
  }

  get(id: string): Cell | undefined {
    return this.cells.value.find((cell) => cell.id === id);
  }

  select(id: string, options: { readonly edit?: boolean; readonly focus?: boolean } = {}): void {
    this.selected.value = id;
    this.isEditing.value = options.edit ?? false;
    if (options.focus !== false) this.focusWish.value++;
  }

  selectBeside(step: 1 | -1): void {
    const cell = this.cells.value[this.index.value + step];
    if (cell !== undefined) this.select(cell.id);
  }

  edit(id: string, source: string): void {
    if (this.get(id)?.source !== source) this.#change(id, (cell) => ({ ...cell, source }));
  }

  insert(place: 'above' | 'below', type: CellType = 'code', options: { readonly edit?: boolean } = {}): void {
    const cell = newCell(type);
    const at = Math.max(0, this.index.value + (place === 'below' ? 1 : 0));
    this.#setCells(this.cells.value.toSpliced(at, 0, cell));
    this.select(cell.id, options);
  }

  remove(): void {
    const index = this.index.value;
    const cell = this.cells.value[index];
    if (cell === undefined) return;
    this.#lastRemoved = { cell, index };
    const left = this.cells.value.toSpliced(index, 1);
    this.#setCells(left.length === 0 ? [newCell('code')] : left);
    this.select((this.cells.value[index] ?? this.cells.value.at(-1))?.id ?? '');
  }

  undoRemove(): void {
    if (this.#lastRemoved === null) return;
    const { cell, index } = this.#lastRemoved;
    this.#lastRemoved = null;
    this.#setCells(this.cells.value.toSpliced(index, 0, cell));
    this.select(cell.id);
  }

  move(step: 1 | -1): void {
    const index = this.index.value;
    const cell = this.cells.value[index];
    if (cell === undefined || this.cells.value[index + step] === undefined) return;
    this.#setCells(this.cells.value.toSpliced(index, 1).toSpliced(index + step, 0, cell));
    this.focusWish.value++;
  }

  setType(type: CellType): void {
    this.#change(this.selected.value, (cell) => ({ ...cell, type, outputs: [], count: null }));
  }

  clearOutputs(): void {
    this.#setCells(this.cells.value.map((cell) => ({ ...cell, outputs: [], count: null })));
  }

  /** Runs the selected cell; Markdown is shown. `then` says what is selected afterwards. */
  runSelected(then: 'stay' | 'next' | 'insert'): void {
    const { value: id } = this.selected;
    void this.#run(id, this.#stops);
    if (then === 'insert') return this.insert('below', 'code', { edit: true });
    if (then === 'stay') return this.select(id);
    const next = this.cells.value[this.index.value + 1];
    if (next === undefined) this.insert('below', 'code', { edit: true });
    else this.select(next.id);
  }

  /** All code cells from the first, until one fails. */
  async runAll(): Promise<void> {
    const stops = this.#stops;
    const ids = this.cells.value.filter(({ type }) => type === 'code').map(({ id }) => id);
    this.waiting.value = new Set([...this.waiting.value, ...ids]);
    for (const id of ids) {
      if (!(await this.#run(id, stops))) break;
    }
    this.waiting.value = new Set([...this.waiting.value].filter((id) => !ids.includes(id)));
    this.#rest();
  }

  interrupt(): void {
    this.#stops++;
    void this.#session?.then((session) => session.interrupt()).catch(() => undefined); // a failed start was shown
  }

  /** A new interpreter without variables. */
  async restart(): Promise<void> {
    await this.end();
    await this.#openSession();
  }

  async end(): Promise<void> {
    this.#stops++;
    const session = this.#session;
    this.#session = null;
    this.state.value = 'none';
    await (await session?.catch(() => null))?.end();
  }

  /** Completions for a cell's text; starts nothing. */
  async complete(textBeforeCursor: string): ReturnType<PythonSession['complete']> {
    if (this.#session === null || this.state.value !== 'idle') return { length: 0, items: [] };
    return (await this.#session).complete(textBeforeCursor);
  }

  /** False when cells after this one should not run. */
  async #run(id: string, stops: number): Promise<boolean> {
    const cell = this.get(id);
    if (stops !== this.#stops) return false;
    if (cell === undefined || cell.type !== 'code') return true;
    if (cell.source.trim() === '') {
      this.#change(id, (old) => ({ ...old, outputs: [], count: null }));
      return true;
    }
    this.waiting.value = new Set([...this.waiting.value, id]);
    if (this.state.value === 'idle') this.state.value = 'busy';
    const shown = new OutputList();
    const before = this.#lastRun;
    const isOver = Promise.withResolvers<void>();
    this.#lastRun = isOver.promise;
    try {
      // One after the other: what fails takes those behind it along, as in Jupyter.
      await before;
      if (stops !== this.#stops) return false;
      const session = await this.#openSession();
      if (stops !== this.#stops) return false;
      const { outcome } = await session.execute(cell.source, {
        onStart: (count) => {
          this.#leaveQueue(id);
          this.running.value = id;
          this.state.value = 'busy';
          this.#change(id, (old) => ({ ...old, outputs: [], count }));
        },
        onOutput: (event) => this.#show(id, shown, event),
        onInput: (prompt, isSecret) => this.#ask(id, prompt, isSecret),
      });
      if (outcome !== 'ok') this.#stops++;
      return outcome === 'ok';
    } catch (error) {
      // A restart ends what runs: that was wanted.
      if (stops === this.#stops) this.#showFailure(id, shown, error);
      return false;
    } finally {
      isOver.resolve();
      this.#draw();
      this.#leaveQueue(id);
      if (this.running.value === id) this.running.value = null;
      if (this.question.value?.cell === id) this.question.value = null;
      this.#rest();
    }
  }

  #openSession(): Promise<PythonSession> {
    if (this.#session !== null) return this.#session;
    this.state.value = 'starting';
    const folder = this.path.includes('/') ? this.path.slice(0, this.path.lastIndexOf('/')) : '';
    const cwd = folder.startsWith('/') ? folder : `/workdir/${folder}`.replace(/\/$/, '');
    const starting = this.#runtime.startPython({ cwd });
    this.#session = starting;
    const forget = (state: SessionState): void => {
      if (this.#session !== starting) return;
      this.#session = null;
      this.state.value = state;
    };
    starting.then(
      (session) => {
        if (this.#session === starting) this.state.value = 'idle';
        void session.ended.then(
          () => forget('ended'),
          () => forget('none'),
        );
      },
      () => forget('none'),
    );
    return starting;
  }

  #show(id: string, shown: OutputList, event: CellOutput): void {
    shown.add(event);
    this.#growing.set(id, shown);
    this.#drawTimer ??= setTimeout(() => this.#draw(), DRAW_INTERVAL_MS);
    if (event.type !== 'display' || !event.isUpdate) return;
    // An update reaches every cell that shows the name.
    this.#draw();
    this.#setCells(this.cells.value.map((cell) => (cell.id === id ? cell : { ...cell, outputs: updated(cell.outputs, event) })));
  }

  #draw(): void {
    if (this.#drawTimer !== null) clearTimeout(this.#drawTimer);
    this.#drawTimer = null;
    for (const [id, { outputs }] of this.#growing) this.#change(id, (cell) => ({ ...cell, outputs }));
    this.#growing.clear();
  }

  #showFailure(id: string, shown: OutputList, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    notify(message, { tone: 'problem' });
    this.#show(id, shown, { type: 'error', name: 'PythonEnded', message, traceback: [message] });
  }

  #ask(cell: string, prompt: string, isSecret: boolean): Promise<string | null> {
    return new Promise((resolve) => {
      this.question.value = {
        cell,
        prompt,
        isSecret,
        answer: (text) => {
          this.question.value = null;
          resolve(text);
        },
      };
    });
  }

  /** Ready again, unless more cells wait. */
  #rest(): void {
    if (this.state.value === 'busy' && this.waiting.value.size === 0 && this.running.value === null) this.state.value = 'idle';
  }

  #leaveQueue(id: string): void {
    if (!this.waiting.value.has(id)) return;
    const waiting = new Set(this.waiting.value);
    waiting.delete(id);
    this.waiting.value = waiting;
  }

  #change(id: string, change: (cell: Cell) => Cell): void {
    this.#setCells(this.cells.value.map((cell) => (cell.id === id ? change(cell) : cell)));
  }

  #setCells(cells: readonly Cell[]): void {
    this.cells.value = cells;
    this.#onChange();
  }
}
