// `npm ci` and `npm install` where a lockfile in sync with package.json says everything: no resolver, no Node process.
// Runs in the tools worker.
import { isVerkletError } from '#protocol';
import { openPackageCache } from '../../packages/package-cache.ts';
import { installFromLockfile, type InstallResult } from '../../packages/install.ts';
import type { ToolContext } from '../tool.ts';
import { manifestOf, projectOf } from './project.ts';
import { runEvent } from './run-script.ts';

const CLEAR_LINE = '\r\u001b[K';
const BAR_WIDTH = 20;
const LINE_WIDTH = 100;
const LIFECYCLE = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

/** Flags that change nothing for a lean installation, or that it understands. */
const KNOWN_FLAGS = new Set([
  '--omit=dev',
  '--production',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  '--no-progress',
]);

/** `null` where npm itself must decide: other flags, no lockfile, one that is out of sync or names more than registry packages. */
export async function leanInstall(context: ToolContext, command: 'ci' | 'install', args: readonly string[]): Promise<number | null> {
  if (args.some((arg) => !KNOWN_FLAGS.has(arg))) return null;
  const project = projectOf(context);
  const manifest = manifestOf(context, project);
  if (manifest === undefined || manifest.allowScripts !== undefined || manifest.workspaces !== undefined) return null;
  if (context.fs.access(`${project}/.npmrc`, 0) === 0 || context.fs.access(`${context.env['HOME'] ?? ''}/.npmrc`, 0) === 0) return null;
  const startedAtMs = performance.now();
  let result: InstallResult;
  try {
    result = await install(context, project, args, startedAtMs, command === 'install');
  } catch (error) {
    if (isVerkletError(error) && error.code === 'ERR_LOCKFILE') return null;
    throw error;
  }
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
  report(context, result, durationMs, !args.includes('--no-fund'));
  return args.includes('--ignore-scripts') ? 0 : runLifecycle(context, project);
}

async function install(
  context: ToolContext,
  project: string,
  args: readonly string[],
  startedAtMs: number,
  keepsCurrent: boolean,
): Promise<InstallResult> {
  return installFromLockfile({
    fs: context.fs,
    slot: context.host.slots.self,
    keepsCurrent,
    host: context.host,
    project,
    registryUrl: context.env['VERKLET_REGISTRY'] ?? '',
    cache: await openPackageCache(context.host),
    omitsDev: args.includes('--omit=dev') || args.includes('--production') || context.env['NODE_ENV'] === 'production',
    onProgress: (progress) => {
      if (context.isTerminal)
        context.write(
          `${CLEAR_LINE}${bar(progress.done, progress.total)} ${progress.done}/${progress.total} ${progress.name}`.slice(0, LINE_WIDTH),
        );
      context.host.reportInstall({ ...progress, isFinished: false, durationMs: performance.now() - startedAtMs });
    },
  });
}

function report(
  { write, writeError }: ToolContext,
  { added, audited, funded, skippedScripts, standIns, nativeCommands }: InstallResult,
  durationMs: number,
  showsFunding: boolean,
): void {
  if (skippedScripts.length > 0) writeError(`npm warn install scripts of these packages were not run: ${skippedScripts.join(', ')}\n`);
  for (const notice of standIns) writeError(`npm notice ${notice.package} runs as ${notice.standIn}: ${notice.because}\n`);
  for (const notice of nativeCommands)
    writeError(`npm notice the commands of ${notice.package} need a server session: ${notice.because}\n`);
  const time = durationMs < 1000 ? `${Math.round(durationMs)}ms` : `${Math.round(durationMs / 1000)}s`;
  write(added === 0 && audited > 0 ? `\nup to date in ${time}\n` : `\nadded ${added} package${added === 1 ? '' : 's'} in ${time}\n`);
  if (showsFunding && funded > 0)
    write(`\n${funded} package${funded === 1 ? ' is' : 's are'} looking for funding\n  run \`npm fund\` for details\n`);
}

/** The project's own scripts always run. */
function runLifecycle(context: ToolContext, project: string): number {
  const { scripts = {} } = manifestOf(context, project) ?? {};
  for (const event of LIFECYCLE) {
    const script = scripts[event];
    const status = script === undefined ? 0 : runEvent(context, project, { event, script, args: [], isSilent: false });
    if (status !== 0) return status;
  }
  return 0;
}

function bar(done: number, total: number): string {
  const filled = Math.round((done / Math.max(1, total)) * BAR_WIDTH);
  return `\u001b[32m${'━'.repeat(filled)}\u001b[90m${'━'.repeat(BAR_WIDTH - filled)}\u001b[0m`;
}
