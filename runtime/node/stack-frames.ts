// Stack traces as native Node prints them: frames of Node's library by module id, program files by their own columns, frames
// of this runtime left out. Runs in the process worker.
import type { ScriptCompiler } from './compile/scripts.ts';
import type { CallSite } from './v8-stacks.ts';

/** Node's formatter: what the library gives to `setPrepareStackTraceCallback`. */
export type PrepareCallback = (global: object, error: Error, frames: readonly unknown[]) => unknown;

type DefaultFormatter = (error: Error, frames: readonly unknown[]) => unknown;

/** How V8 prints the outermost function of evaluated code. */
const MODULE_FRAME = /^(?:async )?(?:\S+\.)?eval \(/;
const GENERATOR_STEP = /^(?:Async)?Generator\.next \(<anonymous>\)$/;

export interface FrameSources {
  readonly libraryUrl: string;
  /** Line before the first of each module in the library, ascending. */
  readonly libraryLines: readonly (readonly [line: number, id: string])[];
  /** URL of this runtime's own code. */
  readonly runtimeUrl: string;
  readonly compiler: ScriptCompiler;
}

/** Installs `Error.prepareStackTrace` the way native Node has it, with frames put right. */
export function installStackFormatter(errors: ErrorConstructor, callback: PrepareCallback, sources: FrameSources): void {
  const { prepareStackTrace: formatDefault } = errors as unknown as { prepareStackTrace: DefaultFormatter };
  const inner = { Error: { prepareStackTrace: formatDefault } };
  const prepare = function ErrorPrepareStackTrace(error: Error, frames: readonly unknown[]): unknown {
    return callback(inner, error, frames);
  };
  // V8 calls what this property holds with its own call sites: a program's function gets them put right.
  let current: unknown = wrapped(prepare, sources);
  Object.defineProperty(errors, 'prepareStackTrace', {
    enumerable: false,
    configurable: true,
    get: () => current,
    set: (value: unknown) => {
      current = typeof value === 'function' ? wrapped(value as DefaultFormatter, sources) : value;
    },
  });
}

const wrappers = new WeakMap<DefaultFormatter, DefaultFormatter>();

/** The same wrapper for the same function; a wrapper stays what it is. */
function wrapped(format: DefaultFormatter, sources: FrameSources): DefaultFormatter {
  const known = wrappers.get(format);
  if (known !== undefined) return known;
  const wrapper: DefaultFormatter = (error, sites) => format(error, presentable(sites as readonly CallSite[], sources));
  Object.defineProperty(wrapper, 'name', { value: format.name });
  wrappers.set(format, wrapper);
  wrappers.set(wrapper, wrapper);
  return wrapper;
}

function presentable(sites: readonly CallSite[], sources: FrameSources): Frame[] {
  const frames: Frame[] = [];
  if (sites[0] !== undefined && !('isNative' in Frame.prototype)) Frame.addEngineMethods(sites[0]);
  for (const site of sites) {
    if (isRuntime(site, sources)) {
      // The step of a module's generator belongs to the runtime's frame below it.
      if (GENERATOR_STEP.test(frames.at(-1)?.toString() ?? '')) frames.pop();
    } else frames.push(new Frame(site, sources));
  }
  return frames;
}

/** Frames of this runtime, of functions that it evaluates, and of the engine's `eval` below a program's script. */
function isRuntime(site: CallSite, { runtimeUrl }: FrameSources): boolean {
  const name = site.getScriptNameOrSourceURL() ?? null;
  if (name === runtimeUrl) return true;
  if (site.getEvalOrigin?.()?.includes(runtimeUrl) === true && site.getFileName() === undefined) return true;
  return name === null && site.getFunctionName() === 'eval';
}

/** A call site with the names and numbers a program expects; everything else is the engine's, see `addEngineMethods`. */
class Frame {
  readonly #site: CallSite;
  readonly #sources: FrameSources;

  constructor(site: CallSite, sources: FrameSources) {
    this.#site = site;
    this.#sources = sources;
  }

  /** Gives frames the methods of the engine's sites on the prototype, where source-map libraries look for them to copy. */
  static addEngineMethods(site: CallSite): void {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(site))) {
      if (Object.hasOwn(Frame.prototype, name)) continue;
      const method = function (this: Frame): unknown {
        return (this.#site as unknown as Record<string, () => unknown>)[name]?.();
      };
      Object.defineProperty(Frame.prototype, name, { value: method, writable: true, configurable: true });
    }
  }

  getFileName(): string | null {
    const file = this.#name();
    return file === this.#sources.libraryUrl ? `node:${this.#module()[1]}` : file;
  }

  getScriptNameOrSourceURL(): string | null {
    return this.getFileName();
  }

  getLineNumber(): number | null {
    const line = this.#site.getLineNumber();
    return line !== null && this.#name() === this.#sources.libraryUrl ? line - this.#module()[0] : line;
  }

  getColumnNumber(): number | null {
    const [line, column] = [this.#site.getLineNumber(), this.#site.getColumnNumber()];
    return line === null || column === null ? column : this.#sources.compiler.columnOf(this.#name() ?? '', line, column);
  }

  getFunctionName(): string | null {
    const name = this.#site.getFunctionName();
    return name === 'eval' && this.#isCompiled() ? null : name;
  }

  toString(): string {
    const text = this.#site.toString();
    const file = this.#name();
    if (file === null) return text;
    const [line, column] = [this.#site.getLineNumber() ?? 0, this.#site.getColumnNumber() ?? 0];
    const place = text.replace(
      `${file}:${line}:${column}`,
      `${this.getFileName() ?? file}:${this.getLineNumber() ?? line}:${this.getColumnNumber() ?? column}`,
    );
    if (!this.#isCompiled() || !MODULE_FRAME.test(text)) return place;
    // A module body: native Node names it by its receiver; an ES module's or a script's not at all.
    return file.startsWith('file:') || !this.#sources.compiler.isWrapped(file)
      ? place.replace(/^(?:async )?\S+ \((.*)\)$/s, '$1')
      : place.replace(/^(async )?(\S*?)\.?eval \((.*)\)$/s, (_whole, async: string | undefined, receiver: string, where: string) => {
          const named = receiver === '' ? where : `${receiver}.<anonymous> (${where})`;
          return `${async ?? ''}${named}`;
        });
  }

  #name(): string | null {
    return this.#site.getScriptNameOrSourceURL() ?? null;
  }

  #isCompiled(): boolean {
    return this.#sources.compiler.isCompiled(this.#name() ?? '');
  }

  #module(): readonly [line: number, id: string] {
    const line = this.#site.getLineNumber() ?? 0;
    return this.#sources.libraryLines.findLast(([before]) => before <= line) ?? [0, 'internal'];
  }
}
