// What a session needs before a command: its dependencies, made on the server from the lockfile. Page side.
import { WORKSPACE_ROOT, type RemoteProgram } from '#protocol';
import type { KernelChannel } from '../kernel-channel.ts';

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
