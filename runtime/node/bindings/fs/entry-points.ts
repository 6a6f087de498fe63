// fs binding: questions of the ES module loader about package entry points. Runs in the process worker.
import { type FsContext, textOf, type PathArgument } from './context.ts';
import { emptyStat, S_IFDIR, S_IFMT } from './stat-values.ts';

const MAIN_SUFFIXES = ['', '.js', '.json', '.node', '/index.js', '/index.json', '/index.node'];
const INDEX_FILES = ['index.js', 'index.json', 'index.node'];
const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];
const FORMAT_JAVASCRIPT = 0;
const FORMAT_WASM = 1;

const scratch = emptyStat();

export function installEntryPoints(context: FsContext): void {
  context.binding['legacyMainResolve'] = (folder: PathArgument, main: string | undefined, base: string | undefined): number => {
    return legacyMain(context, textOf(folder), main, base);
  };
  context.binding['getFormatOfExtensionlessFile'] = (path: PathArgument): number => {
    const content = context.fs.readFile(context.pathOf(path));
    const isWasm = typeof content !== 'number' && WASM_MAGIC.every((byte, index) => content[index] === byte);
    return isWasm ? FORMAT_WASM : FORMAT_JAVASCRIPT;
  };
}

/** Index into the loader's table of suffixes: 0-6 below `main`, 7-9 the package's own index files. */
function legacyMain(context: FsContext, folder: string, main: string | undefined, base: string | undefined): number {
  const root = folder.endsWith('/') ? folder : `${folder}/`;
  if (typeof main === 'string') {
    const found = MAIN_SUFFIXES.findIndex((suffix) => isFile(context, `${root}${main}${suffix}`));
    if (found !== -1) return found;
  }
  const found = INDEX_FILES.findIndex((name) => isFile(context, root + name));
  if (found !== -1) return MAIN_SUFFIXES.length + found;
  const importer =
    base === undefined
      ? ''
      : ` imported from ${base.startsWith('file:') ? context.realm.requireBuiltin('internal/url')['fileURLToPath'](base) : base}`;
  throw Object.assign(new Error(`Cannot find package '${folder}'${importer}`), { code: 'ERR_MODULE_NOT_FOUND' });
}

function isFile(context: FsContext, path: string): boolean {
  return context.fs.stat(context.pathOf(path), scratch) === 0 && (scratch.mode & S_IFMT) !== S_IFDIR;
}
