// Loads what every Python worker starts from, once per workspace: compiled code and the snapshot, as shareable memory. Kernel worker.
import type { PythonAssets } from '#protocol';

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

const FOLDER = '/__verklet/python/';

let loading: Promise<PythonAssets> | null = null;

/** A failed load is tried again at the next call. */
export function loadPythonAssets(): Promise<PythonAssets> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<PythonAssets> {
  const manifest = (await (await get('manifest.json')).json()) as PythonManifest;
  const url = (file: PythonFile | undefined): string => (file ? new URL(FOLDER + file.name, location.origin).href : '');
  const { files } = manifest;
  const [wasm, snapshot] = await Promise.all([
    get(files.wasm.name).then((response) => WebAssembly.compileStreaming(response)),
    get(files.snapshot.name).then(toSharedMemory),
  ]);
  const urls = {
    loader: url(files.loader),
    module: url(files.module),
    stdlib: url(files.stdlib),
    pipSnapshot: url(files.pipSnapshot),
    pipWheel: url(files.pipWheel),
  };
  return { wasm, snapshot, urls };
}

async function get(name: string): Promise<Response> {
  const response = await fetch(FOLDER + name);
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status}); build the project and try again`);
  return response;
}

async function toSharedMemory(response: Response): Promise<SharedArrayBuffer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}
