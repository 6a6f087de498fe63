// What a session needs before a command: its dependencies, made on the server from the lockfile. Page side.
import type { LinkEndpoint, ProcessEvent, StreamOpening } from '#protocol';
import { WORKSPACE_ROOT } from '#protocol';
import type { KernelChannel } from '../kernel-channel.ts';
import type { RemoteProgram } from './remote-programs.ts';

export interface Preparation {
  /** Of the commands and the lockfile: prepared once per content. */
  readonly key: string;
  readonly commands: readonly (readonly string[])[];
}

/** Commands that run the project's code, and so want its dependencies. A compiler does not. */
const WANTS_DEPENDENCIES: ReadonlySet<string> = new Set(['node', 'npm', 'npx']);
/** They make the dependencies themselves. */
const INSTALLS: ReadonlySet<string> = new Set(['ci', 'install', 'i', 'add', 'update', 'clean-install']);

/** Null when there is nothing to do for this command. */
export async function preparationFor(
  kernel: KernelChannel,
  { argv }: Pick<RemoteProgram, 'argv'>,
  configured: readonly (readonly string[])[] | undefined,
): Promise<Preparation | null> {
  const [file = '', first = ''] = argv;
  const name = file.slice(file.lastIndexOf('/') + 1);
  const isInstall = name === 'npm' && INSTALLS.has(first);
  if (isInstall || (configured === undefined && !WANTS_DEPENDENCIES.has(name))) return null;
  const [lockfile] = await kernel.ask<(Uint8Array | null)[]>({
    type: 'call-files',
    call: { op: 'readFiles', path: WORKSPACE_ROOT, paths: ['package-lock.json'] },
  });
  const commands = configured ?? (lockfile ? [['npm', 'ci']] : []);
  if (commands.length === 0) return null;
  const text = new TextEncoder().encode(JSON.stringify(commands));
  const digest = await crypto.subtle.digest(
    'SHA-256',
    await new Blob([text, (lockfile ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer>]).arrayBuffer(),
  );
  const key = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { key, commands };
}

/** Runs one command in the workspace; its exit code, or null when it was ended. */
export function runPreparation(
  endpoint: LinkEndpoint,
  argv: readonly string[],
  cancelled: AbortSignal,
  show: (bytes: Uint8Array) => void,
): Promise<number | null> {
  return new Promise((resolve) => {
    const opening: StreamOpening = { type: 'spawn', argv: ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv], cwd: WORKSPACE_ROOT, env: {} };
    const stream = endpoint.open(opening, {
      onData: (bytes) => {
        show(bytes.slice());
        stream.taken(bytes.length);
      },
      onMessage: (message) => {
        const event = message as ProcessEvent;
        if (event.type === 'exited') resolve(event.status.code);
        else if (event.type === 'failed') resolve(127);
      },
      onReset: () => resolve(null),
    });
    stream.end();
    cancelled.addEventListener(
      'abort',
      () => {
        stream.reset();
        resolve(null);
      },
      { once: true },
    );
  });
}
