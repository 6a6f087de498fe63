// Where a command would run, decided from its name, before anything starts. Pure data and a lookup.
import { REMOTE_PROGRAM, type Explanation, type Placement, type PromotionCode, type PromotionSignal } from '#protocol';

/** Why a program needs real Linux. */
export interface Need {
  readonly code: PromotionCode;
  /** As the end of "needs a server session: ...". */
  readonly because: string;
}

/** Linux programs that people type and that need real Linux, by reason. */
const linuxPrograms: ReadonlyMap<string, Need> = new Map([
  ...named('linux-command', 'system packages', 'apt apt-get dpkg'),
  ...named('linux-command', 'system administration', 'sudo'),
  ...named('linux-command', 'a native compiler', 'gcc g++ cc clang'),
  ...named('linux-command', 'native builds', 'make cmake node-gyp'),
  ...named('linux-command', 'the Rust toolchain', 'cargo rustc'),
  ...named('linux-command', 'the Go toolchain', 'go'),
  ...named('linux-command', 'a Java machine', 'java'),
  ...named('linux-command', 'the .NET runtime', 'dotnet'),
  ...named('linux-command', 'Ruby', 'ruby'),
  ...named('linux-command', 'PHP', 'php'),
  ...named('linux-command', 'containers', 'docker podman'),
  ...named('linux-command', 'a cluster client', 'kubectl'),
  ...named('linux-command', 'system services', 'systemctl'),
  ...named('linux-command', 'raw network connections', 'ssh rsync'),
  ...named('linux-command', 'another JavaScript runtime', 'bun deno'),
  ...named('python.tool-needs-server', 'native Python tooling', 'uv uvx ruff mypyc maturin'),
  ...named('python.tool-needs-server', 'Python tooling that manages interpreters', 'poetry pipenv pdm hatch conda mamba pyenv'),
  ...named('python.tool-needs-server', 'worker processes made by fork', 'gunicorn celery'),
  ...named('python.tool-needs-server', 'notebook kernels as processes', 'jupyter jupyter-lab jupyter-notebook'),
]);

function named(code: PromotionCode, because: string, names: string): [string, Need][] {
  return names.split(' ').map((name) => [name, { code, because }]);
}

/** Null when nothing speaks against the tab. */
export function needOf(command: string): Need | null {
  return linuxPrograms.get(command) ?? null;
}

/** The program and why, with the code where that says more. */
export function needText(command: string, { code, because }: Need): string {
  return `${command} (${because}${code === 'linux-command' ? '' : `; ${code}`})`;
}

/**
 * `program` is what the command resolved to; null when nothing of that name was found. `met` is what a look into a Python
 * program found.
 */
export function explain(command: string, program: string | null, placement: Placement, met: readonly PromotionSignal[] = []): Explanation {
  if (program === null) {
    return { host: 'nowhere', reason: `${command} is neither a program of the tab nor a file in PATH`, code: 'ERR_COMMAND_NOT_FOUND' };
  }
  if (program !== REMOTE_PROGRAM && placement === 'server' && program !== 'sh') {
    return { host: 'server', reason: 'the workspace is in a server session' };
  }
  const signal = program === REMOTE_PROGRAM ? { subject: command, ...(needOf(command) ?? nativeBinary) } : met.find(needsServer);
  if (signal === undefined) {
    const [advice] = met;
    return { host: 'browser', reason: `${command} runs in the tab`, ...(advice && { reason: advice.because, code: advice.code }) };
  }
  const { code, subject, because } = signal;
  if (placement !== 'tab') return { host: 'server', reason: `${subject} needs a server session: ${because}`, code };
  return { host: 'nowhere', reason: `${subject} needs a server session (${because}), and no server is configured`, code };
}

/** A module that is not installed is said, and is no reason to leave the tab. */
function needsServer({ code }: PromotionSignal): boolean {
  return code !== 'python.missing-module';
}

const nativeBinary: Need = { code: 'native-binary', because: 'it is compiled for Linux' };
