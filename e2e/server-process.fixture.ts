// A server in a process of its own: only its death is a network that is gone.
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';

export interface ServerProcess {
  readonly origin: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export async function startServerProcess(previewHost: string): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'server/main.ts'], {
    cwd: path.dirname(import.meta.dirname),
    env: { ...process.env, VERKLET_PORT: String(port), VERKLET_PREVIEW_HOSTS: previewHost },
    stdio: 'ignore',
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/-/health`).catch(() => null); // not up yet
    if (answer?.ok === true) {
      const kill = (): Promise<void> => {
        child.kill('SIGKILL');
        return exited;
      };
      return { origin: `http://verklet.localhost:${port}`, kill };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  throw new Error('the server did not start');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
