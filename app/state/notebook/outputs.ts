// How a cell's outputs grow: text runs together, a carriage return writes over, displays replace each other. Pure.
import type { CellOutput } from '@verklet/sdk';
import type { Json, Output } from './notebook-file.ts';

/** More text than this of one stream is not readable in a page, and makes the file unusable. */
const MAX_STREAM_CHARACTERS = 500_000;

type JsonObject = { readonly [key: string]: Json };

export class OutputList {
  outputs: readonly Output[] = [];
  #clearsAtNext = false;

  /** True when something was changed. */
  add(event: CellOutput): void {
    if (event.type === 'clear') {
      if (event.wait) this.#clearsAtNext = true;
      else this.outputs = [];
      return;
    }
    if (this.#clearsAtNext) this.outputs = [];
    this.#clearsAtNext = false;
    if (event.type === 'stream') this.outputs = withText(this.outputs, event.stream, event.text);
    else if (event.type === 'display' && event.isUpdate) this.outputs = updated(this.outputs, event);
    else this.outputs = [...this.outputs, fromEvent(event)];
  }
}

/** The outputs with those of the event's name replaced. */
export function updated(outputs: readonly Output[], event: Extract<CellOutput, { type: 'display' }>): readonly Output[] {
  const isNamed = (output: Output): boolean =>
    output.type === 'display' && output.displayId !== null && output.displayId === event.displayId;
  return outputs.some(isNamed) ? outputs.map((output) => (isNamed(output) ? fromEvent(event) : output)) : outputs;
}

function fromEvent(event: Exclude<CellOutput, { type: 'clear' | 'stream' }>): Output {
  // What came from a worker as JSON is JSON.
  switch (event.type) {
    case 'display':
      return { type: 'display', data: event.data as JsonObject, metadata: event.metadata as JsonObject, displayId: event.displayId };
    case 'result':
      return { type: 'result', data: event.data as JsonObject, metadata: event.metadata as JsonObject, count: event.count };
    default:
      return event;
  }
}

function withText(outputs: readonly Output[], name: 'stdout' | 'stderr', text: string): readonly Output[] {
  const last = outputs.at(-1);
  const isSame = last?.type === 'stream' && last.name === name;
  const before = isSame ? last.text : '';
  if (before.length >= MAX_STREAM_CHARACTERS) return outputs;
  // Lines that ended stay as they are: only the last one is looked at again.
  const start = before.lastIndexOf('\n') + 1;
  const whole = before.slice(0, start) + overwritten(before.slice(start) + text);
  const cut =
    whole.length < MAX_STREAM_CHARACTERS ? whole : `${whole.slice(0, MAX_STREAM_CHARACTERS)}\n… more output is not kept in the notebook\n`;
  return [...(isSame ? outputs.slice(0, -1) : outputs), { type: 'stream', name, text: cut }];
}

/** What a terminal would show of progress bars: backspaces take away, a carriage return begins the line anew. */
export function overwritten(text: string): string {
  const shown = erased(text.replaceAll('\r\n', '\n'));
  if (!shown.includes('\r')) return shown;
  return shown
    .split('\n')
    .map((line) => {
      // A return at the end waits for what comes next.
      const [ended, tail] = line.endsWith('\r') ? [line.slice(0, -1), '\r'] : [line, ''];
      return ended.split('\r').reduce((under, over) => (over.length >= under.length ? over : over + under.slice(over.length)), '') + tail;
    })
    .join('\n');
}

function erased(text: string): string {
  if (!text.includes('\b')) return text;
  let shown = '';
  for (const character of text) {
    if (character !== '\b') shown += character;
    else if (!shown.endsWith('\n')) shown = shown.slice(0, -1);
  }
  return shown;
}
