// jq: the real one, compiled to WebAssembly, on our streams and files. Runs in the tools worker.
// jq-web keeps its Emscripten factory to itself and starts it on import with wrappers that lose output and exit codes, so its
// source is evaluated here without that last statement.
import source from 'jq-web/jq.js?raw';
import wasmUrl from 'jq-web/jq.wasm?url';
import { absolutePath, errnoText, type Tool, type ToolContext, ToolFailure } from '../tool.ts';

interface EmscriptenFiles {
  init(input: () => number | null, output: (byte: number | null) => void, error: (byte: number | null) => void): void;
  writeFile(path: string, content: Uint8Array): void;
  mkdirTree(path: string): void;
}

interface JqModule {
  callMain(args: readonly string[]): number;
}

type Factory = (overrides: {
  readonly noInitialRun: boolean;
  readonly locateFile: () => string;
  readonly onFileSystem: (files: EmscriptenFiles) => void;
}) => Promise<JqModule>;

/** Where its own start-up opens the standard streams; ours take their place. */
const OWN_STREAMS = 'preRun: function() {';
const FLUSH_BYTES = 16 * 1024;
/** How many arguments follow an option. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  '--arg': 2,
  '--argjson': 2,
  '--slurpfile': 2,
  '--rawfile': 2,
  '--indent': 1,
  '-L': 1,
  '-f': 1,
  '--from-file': 1,
};

export const jq: Tool = async (context) => {
  const output = new ByteBuffer((bytes) => context.write(bytes));
  const errors: number[] = [];
  const input = inputReader(context);
  let files: EmscriptenFiles | null = null;
  const module = await loadFactory()({
    noInitialRun: true,
    locateFile: () => wasmUrl,
    onFileSystem: (opened) => {
      files = opened;
      opened.init(
        input,
        (byte) => void (byte !== null && output.push(byte)),
        (byte) => void (byte !== null && errors.push(byte)),
      );
    },
  });
  if (files === null) throw new ToolFailure('its file system did not start', 2);
  const args = copyFiles(context, files);
  // Colours are for people; jq would ask a terminal that it cannot see.
  const status = module.callMain([...(context.isTerminal && !context.args.includes('-M') ? ['-C'] : []), ...args]);
  output.flush();
  if (errors.length > 0) context.writeError(new TextDecoder().decode(Uint8Array.from(errors)));
  return status & 0xff;
};

function loadFactory(): Factory {
  const end = source.lastIndexOf('jq = jq().then');
  if (end === -1 || !source.includes(OWN_STREAMS)) throw new ToolFailure('this version of jq-web is not the one expected', 2);
  const patched = source.slice(0, end).replace(OWN_STREAMS, `${OWN_STREAMS} return Module.onFileSystem(FS);`);
  // oxlint-disable-next-line no-new-func -- the package offers no other way to its factory
  return (new Function('exports', 'module', 'define', `${patched}; return jq;`) as () => Factory)();
}

/** Byte by byte, as a terminal would give it; reads ahead by chunks. */
function inputReader(context: ToolContext): () => number | null {
  let chunk: Uint8Array = new Uint8Array();
  let at = 0;
  let isEnded = false;
  return () => {
    while (at >= chunk.length && !isEnded) {
      chunk = context.read();
      at = 0;
      isEnded = chunk.length === 0;
    }
    return isEnded ? null : (chunk[at++] ?? null);
  };
}

/** jq sees a file system of its own: what its arguments name is put there under the same path. */
function copyFiles(context: ToolContext, files: EmscriptenFiles): string[] {
  const copy = (name: string): string => {
    const path = absolutePath(context.cwd, name);
    const bytes = context.fs.readFile(path);
    if (typeof bytes === 'number') throw new ToolFailure(`error: Could not open ${name}: ${errnoText(bytes)}`, 2);
    files.mkdirTree(path.slice(0, path.lastIndexOf('/')) || '/');
    files.writeFile(path, bytes);
    return path;
  };
  const result: string[] = [];
  let hasFilter = false;
  for (let index = 0; index < context.args.length; index++) {
    const arg = context.args[index] ?? '';
    const count = ARGUMENTS[arg] ?? 0;
    if (arg === '--args' || arg === '--jsonargs') return [...result, ...context.args.slice(index)];
    if (arg.startsWith('-') && arg !== '-') {
      const values = context.args.slice(index + 1, index + 1 + count);
      if (arg === '-f' || arg === '--from-file') hasFilter = true;
      const isFile = /^(?:-f|--from-file|--slurpfile|--rawfile)$/.test(arg);
      result.push(arg, ...values.map((value, at) => (isFile && at === count - 1 ? copy(value) : value)));
      index += count;
    } else if (!hasFilter) {
      hasFilter = true;
      result.push(arg);
    } else result.push(copy(arg));
  }
  return result;
}

class ByteBuffer {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #bytes = new Uint8Array(FLUSH_BYTES);
  #length = 0;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  push(byte: number): void {
    this.#bytes[this.#length++] = byte;
    if (this.#length === FLUSH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#length > 0) this.#send(this.#bytes.slice(0, this.#length));
    this.#length = 0;
  }
}
