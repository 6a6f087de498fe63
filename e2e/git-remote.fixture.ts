// A git server over smart HTTP for the stories: the real git's own CGI program behind Node's http server.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface GitRemote {
  /** Host and port. */
  readonly host: string;
  /** Runs git in the bare repository. */
  git(...args: string[]): string;
  close(): Promise<void>;
}

/** One bare repository, `/team/project.git`, that takes pushes. */
export async function startGitRemote(): Promise<GitRemote> {
  const root = mkdtempSync(path.join(tmpdir(), 'verklet-git-'));
  const repository = path.join(root, 'team/project.git');
  execFileSync('git', ['init', '--quiet', '--bare', '-b', 'main', repository]);
  execFileSync('git', ['-C', repository, 'config', 'http.receivepack', 'true']);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://remote');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_GIT_PROTOCOL: request.headers['git-protocol']?.toString() ?? '',
        REMOTE_USER: 'tester',
      },
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    backend.on('close', () => {
      const whole = Buffer.concat(chunks);
      const end = whole.indexOf('\r\n\r\n');
      const headers = Object.fromEntries(
        whole
          .subarray(0, end)
          .toString()
          .split('\r\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const { Status: status = '200', ...rest } = headers;
      response.writeHead(Number.parseInt(status, 10), rest);
      response.end(whole.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    git: (...args) => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
