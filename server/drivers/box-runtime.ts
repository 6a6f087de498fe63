// The files that a box without an image of its own is given: Node, the agent as one script, node-pty's binding, accounts.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export interface BoxRuntime {
  readonly node: string;
  readonly agent: string;
  readonly pty: string | null;
  /** Name below /etc -> file. */
  readonly etc: Readonly<Record<string, string>>;
}

const accounts: Readonly<Record<string, string>> = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  group: 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1 localhost verklet\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  'resolv.conf': '',
};

/** Puts the files where every box's user can read them: the project itself may be in somebody's home. */
export async function installRuntime(folder: string): Promise<BoxRuntime> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const script = await agentScript();
  const agent = place(folder, `agent-${digest(script)}.mjs`, script);
  const node = shareFile(folder, process.execPath, 'node');
  const binding = nativeTerminal();
  const pty = binding === null ? null : shareFile(folder, binding, 'pty.node');
  const etc = Object.fromEntries(Object.entries(accounts).map(([name, text]) => [name, place(folder, name, text)]));
  return { node, agent, pty, etc };
}

let script: Promise<string> | null = null;

/** The agent with everything it imports, for any Node from 18 on. */
export function agentScript(): Promise<string> {
  return (script ??= bundleAgent());
}

async function bundleAgent(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, '../agent/main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    // esbuild walks up to the nearest package.json, and #protocol is the root's.
    absWorkingDir: path.join(import.meta.dirname, '../..'),
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

/** node-pty's prebuilt binding for this platform, as its package ships it. */
function nativeTerminal(): string | null {
  try {
    return createRequire(import.meta.url).resolve(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`);
  } catch {
    return null; // no prebuilt one for this platform: the agent uses python3
  }
}

/** A hard link costs nothing; another file system costs one copy. */
function shareFile(folder: string, source: string, name: string): string {
  const { size, mtimeMs } = statSync(source);
  const target = path.join(folder, `${name}-${size}-${Math.round(mtimeMs)}`);
  if (existsSync(target)) return target;
  const temporary = `${target}.${process.pid}`;
  try {
    linkSync(source, temporary);
  } catch {
    copyFileSync(source, temporary); // another device, or links to files of others are forbidden
  }
  renameSync(temporary, target);
  return target;
}

function place(folder: string, name: string, text: string): string {
  const target = path.join(folder, name);
  if (existsSync(target) && readFileSync(target, 'utf8') === text) return target;
  const temporary = `${target}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o644 });
  renameSync(temporary, target);
  return target;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
