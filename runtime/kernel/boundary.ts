// Where a command would run, decided from its name, before anything starts. Pure data and a lookup.
import { REMOTE_PROGRAM, type Explanation, type Placement } from '#protocol';

/** Linux programs that people type and that need real Linux. What each is for makes the reason readable. */
const needsServer: Readonly<Record<string, string>> = {
  apt: 'system packages',
  'apt-get': 'system packages',
  dpkg: 'system packages',
  sudo: 'system administration',
  gcc: 'a native compiler',
  'g++': 'a native compiler',
  cc: 'a native compiler',
  clang: 'a native compiler',
  make: 'native builds',
  cmake: 'native builds',
  'node-gyp': 'native builds',
  cargo: 'the Rust toolchain',
  rustc: 'the Rust toolchain',
  go: 'the Go toolchain',
  java: 'a Java machine',
  dotnet: 'the .NET runtime',
  ruby: 'Ruby',
  php: 'PHP',
  docker: 'containers',
  podman: 'containers',
  kubectl: 'a cluster client',
  systemctl: 'system services',
  ssh: 'raw network connections',
  rsync: 'raw network connections',
  uv: 'native Python tooling',
  uvx: 'native Python tooling',
  poetry: 'native Python tooling',
  conda: 'native Python tooling',
  bun: 'another JavaScript runtime',
  deno: 'another JavaScript runtime',
};

/** Null when nothing speaks against the tab. */
export function needsServerBecause(command: string): string | null {
  return Object.hasOwn(needsServer, command) ? (needsServer[command] ?? null) : null;
}

/** `program` is what the command resolved to; null when nothing of that name was found. */
export function explain(command: string, program: string | null, placement: Placement): Explanation {
  if (program !== null && program !== REMOTE_PROGRAM) {
    if (placement === 'server' && program !== 'sh') return { host: 'server', reason: 'the workspace is in a server session' };
    return { host: 'browser', reason: `${command} runs in the tab` };
  }
  if (program === null) {
    return { host: 'nowhere', reason: `${command} is neither a program of the tab nor a file in PATH`, code: 'ERR_COMMAND_NOT_FOUND' };
  }
  const need = needsServerBecause(command) ?? 'it is not a program of the tab';
  if (placement !== 'tab') return { host: 'server', reason: `${command} needs a server session: ${need}` };
  return {
    host: 'nowhere',
    reason: `${command} needs a server session (${need}), and no server is configured`,
    code: 'ERR_SERVER_NOT_CONFIGURED',
  };
}
