// The file format of notebooks: reads nbformat 4, writes nbformat 4.5 as Jupyter does. Pure.
import * as v from 'valibot';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export type CellType = 'code' | 'markdown' | 'raw';

export type Output =
  | { readonly type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  /** `displayId` is for updates while the interpreter lives; it is not stored. */
  | { readonly type: 'display'; readonly data: JsonObject; readonly metadata: JsonObject; readonly displayId: string | null }
  | { readonly type: 'result'; readonly data: JsonObject; readonly metadata: JsonObject; readonly count: number | null }
  | { readonly type: 'error'; readonly name: string; readonly message: string; readonly traceback: readonly string[] };

export interface Cell {
  readonly id: string;
  readonly type: CellType;
  readonly source: string;
  readonly metadata: JsonObject;
  /** Pictures of a Markdown cell, by name. */
  readonly attachments: JsonObject | null;
  readonly outputs: readonly Output[];
  readonly count: number | null;
}

export interface NotebookFile {
  readonly cells: readonly Cell[];
  readonly metadata: JsonObject;
}

/** What was parsed from JSON is JSON. */
const object = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const text = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === 'string' ? value : value.join(''))),
);
const count = v.optional(v.nullable(v.number()), null);
const bundle = { data: object, metadata: v.optional(object, {}) };
const output = v.variant('output_type', [
  v.object({ output_type: v.literal('stream'), name: v.picklist(['stdout', 'stderr']), text }),
  v.object({ output_type: v.picklist(['display_data', 'update_display_data']), ...bundle }),
  v.object({ output_type: v.literal('execute_result'), ...bundle, execution_count: count }),
  v.object({ output_type: v.literal('error'), ename: v.string(), evalue: v.string(), traceback: v.array(v.string()) }),
]);
const common = { id: v.optional(v.string()), source: text, metadata: v.optional(object, {}), attachments: v.optional(object) };
const cell = v.variant('cell_type', [
  v.object({ cell_type: v.literal('code'), ...common, outputs: v.optional(v.array(output), []), execution_count: count }),
  v.object({ cell_type: v.literal('markdown'), ...common }),
  v.object({ cell_type: v.literal('raw'), ...common }),
]);
const notebook = v.object({ nbformat: v.literal(4), metadata: v.optional(object, {}), cells: v.array(cell) });

const PYTHON: JsonObject = {
  kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
  language_info: { name: 'python', file_extension: '.py', mimetype: 'text/x-python' },
};
const CELL_ID = /^[\w-]{1,64}$/;

/** Throws an `Error` that says what is wrong. An empty file is an empty notebook. */
export function parseNotebook(source: string): NotebookFile {
  if (source.trim() === '') return { cells: [newCell('code')], metadata: PYTHON };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw new Error(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const version = (value as { nbformat?: unknown } | null)?.nbformat;
  if (typeof version === 'number' && version !== 4) throw new Error(`it is of format ${version}, and only format 4 is known here`);
  const parsed = v.safeParse(notebook, value);
  if (!parsed.success) throw new Error(`${v.getDotPath(parsed.issues[0]) ?? 'the file'}: ${parsed.issues[0].message}`);
  const seen = new Set<string>();
  const cells = parsed.output.cells.map((stored): Cell => {
    const isUsable = stored.id !== undefined && CELL_ID.test(stored.id) && !seen.has(stored.id);
    const id = isUsable && stored.id !== undefined ? stored.id : newId();
    seen.add(id);
    return {
      id,
      type: stored.cell_type,
      source: stored.source,
      metadata: stored.metadata,
      attachments: stored.attachments ?? null,
      outputs: stored.cell_type === 'code' ? stored.outputs.map(readOutput) : [],
      count: stored.cell_type === 'code' ? stored.execution_count : null,
    };
  });
  return { cells: cells.length === 0 ? [newCell('code')] : cells, metadata: { ...PYTHON, ...parsed.output.metadata } };
}

export function newCell(type: CellType, source = ''): Cell {
  return { id: newId(), type, source, metadata: {}, attachments: null, outputs: [], count: null };
}

function newId(): string {
  return crypto.randomUUID().slice(0, 8);
}

function readOutput(stored: v.InferOutput<typeof output>): Output {
  switch (stored.output_type) {
    case 'stream':
      return { type: 'stream', name: stored.name, text: stored.text };
    case 'execute_result':
      return { type: 'result', data: joined(stored.data), metadata: stored.metadata, count: stored.execution_count };
    case 'error':
      return { type: 'error', name: stored.ename, message: stored.evalue, traceback: stored.traceback };
    default:
      return { type: 'display', data: joined(stored.data), metadata: stored.metadata, displayId: null };
  }
}

/** Texts of a bundle may be stored as lines. */
function joined(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, Array.isArray(value) && !isJson(mime) ? value.join('') : value]),
  );
}

function isJson(mime: string): boolean {
  return mime === 'application/json' || mime.endsWith('+json');
}

/** Text as Jupyter writes it: sorted keys, one space, lines of text as lists, so that differences are readable. */
export function writeNotebook({ cells, metadata }: NotebookFile): string {
  const stored = { cells: cells.map(writeCell), metadata, nbformat: 4, nbformat_minor: 5 };
  return `${JSON.stringify(sorted(stored), null, 1)}\n`;
}

function writeCell({ id, type, source, metadata, attachments, outputs, count: number }: Cell): Json {
  const shared = { id, cell_type: type, metadata, source: lines(source), ...(attachments === null ? {} : { attachments }) };
  return type === 'code' ? { ...shared, execution_count: number, outputs: outputs.map(writeOutput) } : shared;
}

function writeOutput(shown: Output): Json {
  switch (shown.type) {
    case 'stream':
      return { output_type: 'stream', name: shown.name, text: lines(shown.text) };
    case 'display':
      return { output_type: 'display_data', data: split(shown.data), metadata: shown.metadata };
    case 'result':
      return { output_type: 'execute_result', data: split(shown.data), metadata: shown.metadata, execution_count: shown.count };
    case 'error':
      return { output_type: 'error', ename: shown.name, evalue: shown.message, traceback: shown.traceback };
    default:
      return shown satisfies never;
  }
}

function split(data: JsonObject): JsonObject {
  const isText = (mime: string): boolean => mime.startsWith('text/') || mime === 'image/svg+xml' || mime === 'application/javascript';
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, typeof value === 'string' && isText(mime) ? lines(value) : value]),
  );
}

function lines(value: string): readonly string[] {
  return value.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
