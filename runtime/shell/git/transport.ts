// How git reaches remotes: servers of the workspace directly, everything else through the git proxy of our own server.
import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';
import { ToolFailure, type ToolContext } from '../tool.ts';
import { collected, isTerminal } from '../sh/streams.ts';
import { decodeText } from '../text.ts';
import { exchange, isLoopback } from '../tools/network/request.ts';

export interface GitAuth {
  readonly username?: string;
  readonly password?: string;
  readonly cancel?: boolean;
}

export function gitTransport(context: ToolContext): { request(request: GitHttpRequest): Promise<GitHttpResponse> } {
  return {
    async request({ url, method = 'GET', headers = {}, body }) {
      const target = new URL(url);
      const isLocal = target.protocol === 'http:' && isLoopback(target);
      if (!isLocal && target.protocol !== 'https:')
        throw new ToolFailure(`fatal: ${target.protocol}// is not supported in the tab; use https://`, 128);
      const parts: Uint8Array[] = [];
      for await (const chunk of body ?? []) parts.push(chunk);
      const asked = isLocal ? target : new URL(`${self.location.origin}/-/git/${target.host}${target.pathname}${target.search}`);
      const all: [string, string][] = Object.entries(headers);
      if (isLocal) all.unshift(['Host', target.host], ['User-Agent', 'git/verklet']);
      const answer = await exchange(context.host, {
        method,
        url: asked,
        headers: all,
        body: body === undefined ? null : collected(parts).slice(),
        signal: new AbortController().signal,
      });
      if (
        !isLocal &&
        answer.status === 403 &&
        answer.headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.includes('json'))
      )
        throw new ToolFailure(`fatal: ${await proxyReason(answer.body)}`, 128);
      return {
        url,
        method,
        headers: Object.fromEntries(answer.headers.map(([name, value]) => [name.toLowerCase(), value])),
        body: iterate(answer.body),
        statusCode: answer.status,
        statusMessage: answer.statusText,
      };
    },
  };
}

async function* iterate(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

async function proxyReason(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of body) parts.push(chunk);
  const text = decodeText(collected(parts));
  try {
    return (JSON.parse(text) as { error?: string }).error ?? text;
  } catch (error) {
    // Not our proxy's answer after all.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** From the environment, from `~/.git-credentials`, or asked for in the terminal; never written anywhere. */
export function askCredentials(context: ToolContext): (url: string) => GitAuth {
  return (url) => {
    const { host, username } = new URL(url);
    const { GIT_USERNAME, GIT_PASSWORD, GIT_TOKEN, GITHUB_TOKEN } = context.env;
    const token = GIT_TOKEN ?? (host === 'github.com' ? GITHUB_TOKEN : undefined);
    if (GIT_PASSWORD !== undefined) return { username: GIT_USERNAME ?? username, password: GIT_PASSWORD };
    if (token !== undefined) return { username: GIT_USERNAME ?? 'x-access-token', password: token };
    const stored = storedCredentials(context, host);
    if (stored !== null) return stored;
    if (!isTerminal(context.streams[0])) return { cancel: true };
    const user = ask(context, `Username for 'https://${host}': `, false);
    return { username: user, password: ask(context, `Password for 'https://${user}@${host}': `, true) };
  };
}

function storedCredentials(context: ToolContext, host: string): GitAuth | null {
  const bytes = context.fs.readFile(`${context.env['HOME'] ?? '/home/user'}/.git-credentials`);
  if (typeof bytes === 'number') return null;
  for (const line of decodeText(bytes).split('\n')) {
    const url = URL.parse(line.trim());
    if (url?.host === host) return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  }
  return null;
}

function ask(context: ToolContext, question: string, isSecret: boolean): string {
  const stdio = context.host.request.stdio[0];
  const control = stdio?.kind === 'terminal' ? context.host.terminalControl(stdio) : null;
  context.writeError(question);
  if (control !== null) control.isSilent = isSecret;
  try {
    return decodeText(context.read().slice()).trim();
  } finally {
    if (control !== null) control.isSilent = false;
  }
}
