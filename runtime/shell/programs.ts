// The built-in programs by name, imported when first run. Runs in the tools worker.
import type { ProcessHost } from '../process/host.ts';
import type { ToolName } from './program-names.ts';
import { Stdio } from './stdio.ts';
import type { Tool, ToolContext } from './tool.ts';

type Loader = () => Promise<Tool>;

const files =
  (name: Exclude<keyof typeof import('./tools/files.ts'), 'default'>): Loader =>
  async () =>
    (await import('./tools/files.ts'))[name];
const words =
  (name: Exclude<keyof typeof import('./tools/words.ts'), 'default'>): Loader =>
  async () =>
    (await import('./tools/words.ts'))[name];
const lines =
  (name: Exclude<keyof typeof import('./tools/lines.ts'), 'default'>): Loader =>
  async () =>
    (await import('./tools/lines.ts'))[name];
const shell: Loader = async () => (await import('./sh/main.ts')).sh;

const programs: Readonly<Record<ToolName, Loader>> = {
  sh: shell,
  bash: shell,
  npm: async () => (await import('./npm/main.ts')).npm,
  npx: async () => (await import('./npm/main.ts')).npx,
  cat: files('cat'),
  chmod: files('chmod'),
  cp: files('cp'),
  ln: files('ln'),
  ls: files('ls'),
  mkdir: files('mkdir'),
  mv: files('mv'),
  pwd: files('pwd'),
  readlink: files('readlink'),
  realpath: files('realpath'),
  rm: files('rm'),
  rmdir: files('rmdir'),
  touch: files('touch'),
  basename: words('basename'),
  clear: words('clear'),
  date: words('date'),
  dirname: words('dirname'),
  echo: words('echo'),
  env: words('env'),
  false: words('isFalse'),
  printf: words('printf'),
  seq: words('seq'),
  sleep: words('sleep'),
  true: words('isTrue'),
  which: words('which'),
  cut: lines('cut'),
  find: lines('find'),
  grep: lines('grep'),
  head: lines('head'),
  sort: lines('sort'),
  tail: lines('tail'),
  tee: lines('tee'),
  tr: lines('tr'),
  uniq: lines('uniq'),
  wc: lines('wc'),
};

const INTERNAL_ERROR = 1;
const NOT_FOUND = 127;

/** The tool of that name; `undefined` where there is none. */
export async function loadTool(name: string): Promise<Tool | undefined> {
  return Object.hasOwn(programs, name) ? programs[name as ToolName]() : undefined;
}

/** Runs the program of this process to its exit code. */
export async function runProgram(host: ProcessHost): Promise<number> {
  const context = contextOf(host);
  const tool = await loadTool(host.request.program);
  if (tool === undefined) return NOT_FOUND;
  try {
    return await tool(context);
  } catch (error) {
    context.writeError(`${context.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return INTERNAL_ERROR;
  }
}

function contextOf(host: ProcessHost): ToolContext {
  const stdio = new Stdio(host);
  const [path = '', ...args] = host.request.argv;
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    args,
    env: host.request.env,
    cwd: host.request.cwd,
    fs: host.fs,
    host,
    read: () => stdio.read(),
    write: (content) => stdio.output(content),
    writeError: (content) => stdio.error(content),
    isTerminal: stdio.isTerminal(1),
  };
}
