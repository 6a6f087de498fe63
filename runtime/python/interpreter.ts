// Boots CPython (Pyodide) in a worker: from a memory snapshot in a fraction of the time, or plainly with real start options.
import type { PyodideAPI } from 'pyodide';
import type { PythonAssets } from '#protocol';
import type { ProcessHost } from '../process/host.ts';
import type { EmscriptenModule, SystemCalls } from './emscripten.ts';
import { librarySources } from './library-sources.ts';
import { SystemLayer } from './system/system-layer.ts';

export interface Interpreter {
  readonly pyodide: PyodideAPI;
  readonly system: SystemLayer;
}

export interface BootChoices {
  /** Absent: a plain boot. */
  readonly snapshot?: Uint8Array;
  /** Start options of CPython, for a plain boot. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type CreateModule = (settings: EmscriptenModule) => Promise<EmscriptenModule>;
interface Loader {
  readonly loadPyodide: (options: object) => Promise<PyodideAPI>;
}

const OWN_PACKAGES = '/lib/python3.14/site-packages';

export async function bootInterpreter(host: ProcessHost, assets: PythonAssets, choices: BootChoices): Promise<Interpreter> {
  const [{ loadPyodide }, { default: createModule }] = (await Promise.all([
    import(/* @vite-ignore */ assets.urls.loader),
    import(/* @vite-ignore */ assets.urls.module),
  ])) as [Loader, { default: CreateModule }];
  let system: SystemLayer | undefined;
  const { snapshot } = choices;
  const pyodide = await loadPyodide({
    // Nothing is loaded from there: what Pyodide would, it is given.
    indexURL: new URL('/__verklet/python/', location.origin).href,
    stdLibURL: assets.urls.stdlib,
    lockFileContents:
      '{"info":{"arch":"wasm32","platform":"emscripten","version":"314.0.7","python":"3.14.2","abi_version":"2026_0"},"packages":{}}',
    env: { HOME: '/home/user', PYTHONINSPECT: '', ...choices.env },
    args: choices.args ?? [],
    fsInit: installLibrary,
    ...(snapshot ? { _loadSnapshot: snapshot } : {}),
    createPyodideModule: async (settings: EmscriptenModule) => {
      settings.instantiateWasm = (imports, receive) => {
        system = new SystemLayer(settings, host);
        const environment = imports['env'] as unknown as SystemCalls;
        Object.assign(environment, system.replace({ ...environment }), errorMarker());
        receive(new WebAssembly.Instance(assets.wasm, imports), assets.wasm);
        return {};
      };
      const module = await createModule(settings);
      if (snapshot) prepareRestore(module, snapshot);
      return module;
    },
  });
  if (system === undefined) throw new Error('the interpreter was not instantiated');
  return { pyodide, system };
}

/** What Pyodide's loader gives the module where the engine cannot: a marker object instead of a typed reference. */
function errorMarker(): SystemCalls {
  const marker = Symbol('error marker');
  return { Jsv_GetError_import: () => marker, JsvError_Check: ((value: unknown) => (value === marker ? 1 : 0)) as never };
}

const HEADER_BYTES = 48;

/** The loader's own restore reads text out of the snapshot, which is shared memory here, and does not grow the heap to it. */
function prepareRestore(module: EmscriptenModule, snapshot: Uint8Array): void {
  const words = new Uint32Array(snapshot.buffer, snapshot.byteOffset, HEADER_BYTES / 4);
  const [, heapOffset = 0, stateBytes = 0] = words;
  module._emscripten_resize_heap(snapshot.length - heapOffset);
  module.API.restoreSnapshot = () => {
    module.HEAPU8.set(snapshot.subarray(heapOffset));
    return JSON.parse(new TextDecoder().decode(snapshot.slice(HEADER_BYTES, HEADER_BYTES + stateBytes)));
  };
}

function installLibrary(fs: EmscriptenModule['FS']): void {
  for (const [name, source] of Object.entries(librarySources)) {
    const path = `${OWN_PACKAGES}/${name}`;
    fs.mkdirTree(path.slice(0, path.lastIndexOf('/')));
    fs.writeFile(path, source);
  }
}
