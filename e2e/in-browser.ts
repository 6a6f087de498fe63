// `npm run in-browser -- [--mount DIR] [--cwd DIR] -- COMMAND ARGS...`: runs a command in the tab, stdio passed through.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { launchRuntime } from './harness.ts';

interface Arguments {
  mount: string | null;
  cwd: string;
  command: string[];
}

const usage = 'usage: npm run in-browser -- [--mount DIR] [--cwd DIR] -- COMMAND [ARGS...]\n';

function parseArguments(argv: readonly string[]): Arguments {
  const parsed: Arguments = { mount: null, cwd: '/workdir', command: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--') {
      parsed.command = argv.slice(i + 1);
      break;
    }
    const value = argv[i + 1];
    if (value === undefined || (argv[i] !== '--mount' && argv[i] !== '--cwd')) {
      parsed.command = argv.slice(i);
      break;
    }
    if (argv[i] === '--mount') parsed.mount = value;
    else parsed.cwd = path.posix.resolve('/workdir', value);
    i++;
  }
  return parsed;
}

/** A zip of the folder, uncompressed: it only crosses loopback. Modes are kept. */
export function zipFolder(folder: string): Uint8Array {
  const entries: Zippable = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const full = path.join(entry.parentPath, entry.name);
    entries[path.relative(folder, full)] = [readFileSync(full), { level: 0 }];
  }
  return zipSync(entries);
}

async function main(): Promise<number> {
  const { mount, cwd, command } = parseArguments(process.argv.slice(2));
  const [program, ...args] = command;
  if (program === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  await using runtime = await launchRuntime();
  if (mount !== null) await runtime.fs.mountZip(zipFolder(path.resolve(mount)), '/workdir');
  const stdin = process.stdin.isTTY ? '' : await readAll(process.stdin);
  const result = await runtime.spawn(program, args, {
    cwd,
    stdin,
    onOutput: (stream, bytes) => process[stream].write(bytes),
  });
  if (result.signal !== null) process.stderr.write(`ended by ${result.signal}\n`);
  return result.code ?? 128;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

if (import.meta.main) process.exitCode = await main();
