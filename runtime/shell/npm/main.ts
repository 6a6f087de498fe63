// npm and npx: installs from lockfiles, runs scripts and installed executables. Runs in the tools worker.
import { isVerkletError, type ExitStatus } from '#protocol';
import { installFromLockfile, type InstallResult, readManifest } from '../../packages/install.ts';
import { resolveProgram } from '../../process/exec.ts';
import { signalNumber } from '../../kernel/signals.ts';
import { absolutePath, type Tool, type ToolContext } from '../tool.ts';
import { ChildStreams, inheritedStreams } from '../sh/streams.ts';

/** The npm that Node 24.12 ships: what `npm_config_user_agent` and `--version` say. */
const NPM_VERSION = '11.6.2';
const NOT_FOUND = 127;
const SIGNAL_BASE = 128;
const CLEAR_LINE = '\r\u001b[K';
const LIFECYCLE_OF_INSTALL = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

export const npm: Tool = async (context) => {
  const [command = 'help', ...rest] = context.args.filter((arg) => !arg.startsWith('--registry'));
  switch (command) {
    case '-v':
    case '--version':
      context.write(`${NPM_VERSION}\n`);
      return 0;
    case 'ci':
    case 'clean-install':
      return guarded(context, () => install(context, rest));
    case 'install':
    case 'i':
    case 'add':
      return guarded(context, () => installOrExplain(context, rest));
    case 'run':
    case 'run-script':
    case 'rum':
    case 'urn':
      return guarded(context, () => runScript(context, rest));
    case 'start':
    case 'stop':
    case 'restart':
    case 'test':
    case 't':
    case 'tst':
      return guarded(context, () => runScript(context, [command.startsWith('t') ? 'test' : command, ...rest]));
    case 'exec':
    case 'x':
      return guarded(context, () => execute(context, rest));
    case 'ls':
    case 'list':
      return guarded(context, () => list(context));
    case 'root':
      context.write(`${projectOf(context)}/node_modules\n`);
      return 0;
    case 'prefix':
      context.write(`${projectOf(context)}\n`);
      return 0;
    case 'init':
      return init(context);
    case 'help':
    case '-h':
    case '--help':
      context.write(
        'npm <command>\n\nAvailable in the tab: ci, install (from the lockfile), run, start, test, exec, ls, init, root, prefix, --version\n',
      );
      return 0;
    default:
      return fail(context, `npm ${command} is not available in the tab yet.`);
  }
};

export const npx: Tool = (context) => guarded(context, () => execute(context, [...context.args]));

async function guarded(context: ToolContext, work: () => Promise<number> | number): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!isVerkletError(error)) throw error;
    if (context.isTerminal) context.writeError(CLEAR_LINE);
    context.writeError(`npm error code ${error.code}\nnpm error ${error.message}\n`);
    return 1;
  }
}

/** The nearest folder upwards with a package.json, else the current one. */
function projectOf({ fs, cwd }: ToolContext): string {
  for (let folder = cwd; folder !== ''; folder = folder.slice(0, folder.lastIndexOf('/'))) {
    if (fs.access(`${folder}/package.json`, 0) === 0) return folder;
  }
  return cwd;
}

async function install(context: ToolContext, args: readonly string[]): Promise<number> {
  const project = projectOf(context);
  const startedAtMs = performance.now();
  const result = await installFromLockfile({
    fs: context.fs,
    project,
    registryUrl: context.env['npm_config_registry'] ?? '',
    omitsDev: args.includes('--omit=dev') || args.includes('--production') || context.env['NODE_ENV'] === 'production',
    onProgress: (progress) => {
      if (context.isTerminal)
        context.write(
          `${CLEAR_LINE}${bar(progress.done, progress.total)} ${progress.done}/${progress.total} ${progress.name}`.slice(0, 100),
        );
      context.host.reportInstall({ ...progress, isFinished: false, durationMs: performance.now() - startedAtMs });
    },
  });
  if (context.isTerminal) context.write(CLEAR_LINE);
  const durationMs = performance.now() - startedAtMs;
  context.host.reportInstall({
    done: result.added,
    total: result.added,
    sizeBytes: result.sizeBytes,
    name: '',
    isFinished: true,
    durationMs,
  });
  report(context, result, durationMs);
  return args.includes('--ignore-scripts') ? 0 : runLifecycle(context, project);
}

function report({ write, writeError }: ToolContext, { added, funded, skippedScripts }: InstallResult, durationMs: number): void {
  if (skippedScripts.length > 0) writeError(`npm warn install scripts of these packages were not run: ${skippedScripts.join(', ')}\n`);
  const time = durationMs < 1000 ? `${Math.round(durationMs)}ms` : `${Math.round(durationMs / 1000)}s`;
  write(`\nadded ${added} package${added === 1 ? '' : 's'} in ${time}\n`);
  if (funded > 0) write(`\n${funded} package${funded === 1 ? ' is' : 's are'} looking for funding\n  run \`npm fund\` for details\n`);
}

async function runLifecycle(context: ToolContext, project: string): Promise<number> {
  const { scripts = {} } = readManifest(context.fs, project);
  for (const event of LIFECYCLE_OF_INSTALL) {
    const script = scripts[event];
    const status = script === undefined ? 0 : runShell(context, project, event, script, []);
    if (status !== 0) return status;
  }
  return 0;
}

function installOrExplain(context: ToolContext, args: readonly string[]): Promise<number> | number {
  const named = args.filter((arg) => !arg.startsWith('-'));
  if (named.length > 0)
    return fail(
      context,
      `adding packages (${named.join(', ')}) is not available in the tab yet; a project with a lockfile installs with npm ci.`,
    );
  return install(context, args);
}

function runScript(context: ToolContext, args: readonly string[]): number {
  const project = projectOf(context);
  const { scripts = {} } = readManifest(context.fs, project);
  const [name, ...rest] = args.filter((arg, index) => arg !== '--' && !(index === 0 && arg.startsWith('-')));
  if (name === undefined) {
    for (const [script, text] of Object.entries(scripts)) context.write(`  ${script}\n    ${text}\n`);
    return 0;
  }
  const script = scripts[name] ?? (name === 'start' && context.fs.access(`${project}/server.js`, 0) === 0 ? 'node server.js' : undefined);
  if (script === undefined) {
    if (args.includes('--if-present')) return 0;
    context.writeError(`npm error Missing script: "${name}"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run\n`);
    return 1;
  }
  for (const [event, text, extra] of [
    [`pre${name}`, scripts[`pre${name}`], []],
    [name, script, rest],
    [`post${name}`, scripts[`post${name}`], []],
  ] as const) {
    const status = text === undefined ? 0 : runShell(context, project, event, text, extra);
    if (status !== 0) return status;
  }
  return 0;
}

/** Runs a script line as npm does: announced, with node_modules/.bin in PATH and npm's variables. */
function runShell(context: ToolContext, project: string, event: string, script: string, args: readonly string[]): number {
  const { name = '', version = '' } = readManifest(context.fs, project);
  const line = [script, ...args.map(quote)].join(' ');
  context.write(`\n> ${name === '' ? '' : `${name}${version === '' ? '' : `@${version}`} `}${event}\n> ${line}\n\n`);
  return run(context, ['sh', '-c', line], project, {
    npm_lifecycle_event: event,
    npm_lifecycle_script: script,
    npm_package_name: name,
    npm_package_version: version,
    npm_package_json: `${project}/package.json`,
    npm_execpath: '/usr/bin/npm',
    npm_node_execpath: '/usr/bin/node',
    npm_config_user_agent: `npm/${NPM_VERSION} node/v24.12.0 linux x64 workspaces/false`,
    npm_command: 'run-script',
    INIT_CWD: context.cwd,
  });
}

function execute(context: ToolContext, args: readonly string[]): number {
  const words = args.filter(
    (arg, index) => arg !== '--' && !(arg.startsWith('-') && args.slice(0, index).every((one) => one.startsWith('-'))),
  );
  const [command = ''] = words;
  const project = projectOf(context);
  if (context.fs.access(`${project}/node_modules/.bin/${command}`, 0) !== 0) {
    return fail(context, `${command} is not installed in this project; packages on demand are not available in the tab yet.`);
  }
  return run(context, words, context.cwd, {});
}

/** Runs a command in this process's place and waits for it. Blocks. */
function run(context: ToolContext, argv: readonly string[], cwd: string, extra: Readonly<Record<string, string>>): number {
  const { host } = context;
  const env = { ...context.env, ...extra, PATH: `${projectOf(context)}/node_modules/.bin:${context.env['PATH'] ?? ''}`, PWD: cwd };
  const resolved = resolveProgram(host.fs, { file: argv[0] ?? '', argv, env, cwd });
  if (typeof resolved === 'number') return fail(context, `${argv[0] ?? ''}: not found`, NOT_FOUND);
  const streams = new ChildStreams(host, inheritedStreams(host));
  const pid = host.callSync({
    type: 'spawn',
    request: { program: resolved.program, argv: resolved.argv, env, cwd, stdio: streams.stdio, newGroup: false },
  });
  if (pid < 0) {
    streams.abandon();
    return fail(context, `${argv[0] ?? ''} could not be started`);
  }
  const { code, signal } = host.callSync<ExitStatus>({ type: 'wait', pid });
  return code ?? SIGNAL_BASE + (signalNumber(signal ?? '') ?? 0);
}

function list(context: ToolContext): number {
  const project = projectOf(context);
  const {
    name = project.slice(project.lastIndexOf('/') + 1),
    version = '',
    dependencies = {},
    devDependencies = {},
  } = readManifest(context.fs, project);
  context.write(`${name}${version === '' ? '' : `@${version}`} ${project}\n`);
  const names = Object.keys({ ...dependencies, ...devDependencies }).sort();
  for (const [index, dependency] of names.entries()) {
    const bytes = context.fs.readFile(absolutePath(project, `node_modules/${dependency}/package.json`));
    const installed =
      typeof bytes === 'number' ? 'UNMET DEPENDENCY' : (JSON.parse(new TextDecoder().decode(bytes)) as { version: string }).version;
    context.write(
      `${index === names.length - 1 ? '└──' : '├──'} ${typeof bytes === 'number' ? `${installed} ${dependency}` : `${dependency}@${installed}`}\n`,
    );
  }
  return 0;
}

function init(context: ToolContext): number {
  const path = `${context.cwd}/package.json`;
  if (context.fs.access(path, 0) === 0) return fail(context, 'package.json exists already.');
  const manifest = {
    name: context.cwd.slice(context.cwd.lastIndexOf('/') + 1),
    version: '1.0.0',
    description: '',
    main: 'index.js',
    scripts: { test: 'echo "Error: no test specified" && exit 1' },
    license: 'ISC',
    type: 'commonjs',
  };
  const content = `${JSON.stringify(manifest, null, 2)}\n`;
  context.fs.writeFile(path, new TextEncoder().encode(content), 0o644);
  context.write(`Wrote to ${path}:\n\n${content}\n`);
  return 0;
}

function fail({ writeError }: ToolContext, reason: string, status = 1): number {
  writeError(`npm error ${reason}\n`);
  return status;
}

function bar(done: number, total: number): string {
  const width = 20;
  const filled = Math.round((done / Math.max(1, total)) * width);
  return `\u001b[32m${'━'.repeat(filled)}\u001b[90m${'━'.repeat(width - filled)}\u001b[0m`;
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
