// Loads what every Python worker starts from, once per workspace: compiled code and the snapshot, as shareable memory. Kernel worker.
import { PACK_FOLDER, type PythonAssets } from '#protocol';

/** Written by build/main.ts; also the list for an offline pack. Names are hashed, so all but this file is cached for ever. */
export interface PythonManifest {
  readonly version: string;
  readonly files: Readonly<Record<'loader' | 'module' | 'wasm' | 'stdlib' | 'snapshot', PythonFile>> & {
    /** Absent where the build found no pip. */
    readonly pipSnapshot?: PythonFile;
    readonly pipWheel?: PythonFile;
  };
  /** The index that this pip asks by itself, and where this Pyodide looks for its packages: the server's defaults. */
  readonly defaultIndex?: string;
  readonly packagesUrl?: string;
}
interface PythonFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Asks for a file that is kept for use without a network, by name. */
export type ReadKept = (name: string) => Promise<Blob | null>;

let loading: Promise<PythonAssets> | null = null;

/** A failed load is tried again at the next call. */
export function loadPythonAssets(readKept: ReadKept): Promise<PythonAssets> {
  loading ??= load(readKept).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(readKept: ReadKept): Promise<PythonAssets> {
  const { files } = (await (await get(`${PACK_FOLDER}manifest.json`)).json()) as PythonManifest;
  // Names are hashed: a pack of another version has none of these.
  const urlOf = async (file: PythonFile | undefined): Promise<string> => {
    if (file === undefined) return '';
    const kept = await readKept(file.name);
    return kept ? URL.createObjectURL(kept) : new URL(PACK_FOLDER + file.name, location.origin).href;
  };
  const names = ['wasm', 'snapshot', 'loader', 'module', 'stdlib', 'pipSnapshot', 'pipWheel'] as const;
  const urls = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await urlOf(files[name])] as const))) as Record<
    (typeof names)[number],
    string
  >;
  const [wasm, snapshot] = await Promise.all([
    get(urls.wasm).then((response) => WebAssembly.compileStreaming(response)),
    get(urls.snapshot).then(toSharedMemory),
  ]);
  return { wasm, snapshot, urls };
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error('Python could not be loaded: there is no network, and it is not kept in this browser. The storage page can keep it.', {
      cause,
    });
  });
  if (!response.ok) throw new Error(`${url} could not be loaded (${response.status}); build the project and try again`);
  return response;
}

async function toSharedMemory(response: Response): Promise<SharedArrayBuffer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}
