// curl wget: HTTP from the command line. Runs in the tools worker, as processes of their own.
import type { HeaderList } from '#protocol';
import { baseName } from '../../paths.ts';
import { collected } from '../../sh/streams.ts';
import { decodeText, encodeText } from '../../text.ts';
import { absolutePath, errnoText, parseOptions, readAll, type Tool, type ToolContext, ToolFailure } from '../../tool.ts';
import { ConnectionFailed, exchange, type Exchange, isLoopback } from './request.ts';

const MAX_REDIRECTS = 30;
const STATUS = { badUrl: 3, noConnection: 7, httpError: 22, writeFailed: 23, timedOut: 28 } as const;

const LONG = {
  request: 'X',
  header: 'H',
  data: 'd',
  'data-raw': 'data-raw=',
  'data-binary': 'data-binary=',
  'data-urlencode': 'data-urlencode=',
  json: 'json=',
  form: 'F',
  output: 'o',
  'remote-name': 'O',
  silent: 's',
  'show-error': 'S',
  fail: 'f',
  location: 'L',
  head: 'I',
  include: 'i',
  verbose: 'v',
  user: 'u',
  'user-agent': 'A',
  cookie: 'b',
  'cookie-jar': 'c',
  referer: 'e',
  get: 'G',
  'write-out': 'w',
  'max-time': 'm',
  'connect-timeout': 'connect-timeout=',
  retry: 'retry=',
  'dump-header': 'D',
  insecure: 'k',
  'no-buffer': 'N',
  'upload-file': 'T',
  url: 'url=',
};

export const curl: Tool = async (context) => {
  const { flags, values, all, operands } = parseOptions(context.args, 'XHdFouAbcewmDT', LONG);
  const targets = [...operands, ...(all.get('url') ?? [])];
  if (targets.length === 0) throw new ToolFailure("try 'curl --help' for more information", 2);
  let status = 0;
  for (const target of targets) status = await oneTransfer(context, target, { flags, values, all });
  return status;
};

interface CurlOptions {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly all: ReadonlyMap<string, readonly string[]>;
}

async function oneTransfer(context: ToolContext, target: string, options: CurlOptions): Promise<number> {
  const { flags, values, all } = options;
  const isQuiet = flags.has('s') && !flags.has('S');
  const fail = (status: number, message: string): number => {
    if (!isQuiet) context.writeError(`curl: (${status}) ${message}\n`);
    return status;
  };
  const url = URL.parse(/^[a-z]+:\/\//i.test(target) ? target : `http://${target}`);
  if (url === null) return fail(STATUS.badUrl, `URL rejected: ${target}`);
  const body = requestBody(context, options);
  if (flags.has('G') && body !== null) url.search += `${url.search === '' ? '?' : '&'}${decodeText(body)}`;
  const hasBody = body !== null && !flags.has('G');
  const method = values.get('X') ?? (flags.has('I') ? 'HEAD' : flags.has('T') ? 'PUT' : hasBody ? 'POST' : 'GET');
  const headers = requestHeaders(options, hasBody, url);
  const controller = new AbortController();
  const limitMs = Number(values.get('m') ?? 0) * 1000;
  const timer = limitMs > 0 ? setTimeout(() => controller.abort(), limitMs) : undefined;
  try {
    const answer = await followed(
      context,
      { method, url, headers, body: hasBody ? body : null, signal: controller.signal },
      flags.has('L'),
      flags.has('v'),
    );
    return await deliver(context, answer, options, { method, url, fail });
  } catch (error) {
    if (controller.signal.aborted) return fail(STATUS.timedOut, `Operation timed out after ${limitMs} milliseconds`);
    if (!(error instanceof ConnectionFailed)) throw error;
    return fail(
      STATUS.noConnection,
      error.isRefused ? `Failed to connect to ${url.hostname} port ${url.port || 80}: Connection refused` : error.message,
    );
  } finally {
    clearTimeout(timer);
    void all;
  }
}

type Request = Parameters<typeof exchange>[1];

/** The browser follows by itself; on the loopback this does. */
async function followed(context: ToolContext, request: Request, follows: boolean, isVerbose: boolean): Promise<Exchange> {
  let current = request;
  for (let count = 0; ; count++) {
    if (isVerbose) {
      context.writeError(`> ${current.method} ${current.url.pathname}${current.url.search} HTTP/1.1\n`);
      for (const [name, value] of current.headers) context.writeError(`> ${name}: ${value}\n`);
      context.writeError('>\n');
    }
    const answer = await exchange(context.host, current);
    if (isVerbose) context.writeError(`${headText(answer).replaceAll(/^/gm, '< ').replaceAll('\r', '')}\n`);
    const location = answer.headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
    if (!follows || location === undefined || ![301, 302, 303, 307, 308].includes(answer.status) || !isLoopback(current.url)) return answer;
    if (count >= MAX_REDIRECTS) throw new ConnectionFailed(`Maximum (${MAX_REDIRECTS}) redirects followed`, false);
    const becomesGet = answer.status === 303 || (answer.status < 303 && current.method === 'POST');
    current = { ...current, url: new URL(location, current.url), ...(becomesGet && { method: 'GET', body: null }) };
  }
}

function requestBody(context: ToolContext, { values, all, flags }: CurlOptions): Uint8Array<ArrayBuffer> | null {
  const upload = values.get('T');
  if (upload !== undefined) return fileOrInput(context, upload);
  const parts: Uint8Array[] = [];
  const add = (bytes: Uint8Array): void => void parts.push(...(parts.length > 0 ? [encodeText('&'), bytes] : [bytes]));
  for (const text of all.get('d') ?? [])
    add(text.startsWith('@') ? encodeText(decodeText(fileOrInput(context, text.slice(1))).replaceAll(/[\r\n]/g, '')) : encodeText(text));
  for (const text of all.get('data-raw') ?? []) add(encodeText(text));
  for (const text of all.get('data-binary') ?? []) add(text.startsWith('@') ? fileOrInput(context, text.slice(1)) : encodeText(text));
  for (const text of all.get('data-urlencode') ?? []) {
    const equals = text.indexOf('=');
    add(
      encodeText(
        equals === -1
          ? encodeURIComponent(text)
          : `${text.slice(0, equals)}${equals > 0 ? '=' : ''}${encodeURIComponent(text.slice(equals + 1))}`,
      ),
    );
  }
  for (const text of all.get('json') ?? []) parts.push(text.startsWith('@') ? fileOrInput(context, text.slice(1)) : encodeText(text));
  if (all.has('F')) return formBody(context, all.get('F') ?? []);
  return parts.length > 0 ? collected(parts).slice() : flags.has('d') ? new Uint8Array() : null;
}

const BOUNDARY = '------------------------verklet';

function formBody(context: ToolContext, fields: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const equals = field.indexOf('=');
    const [name, value] = [field.slice(0, equals), field.slice(equals + 1)];
    const file = /^[@<]([^;]+)/.exec(value)?.[1];
    const isUpload = value.startsWith('@') && file !== undefined;
    parts.push(
      encodeText(
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${isUpload ? `; filename="${baseName(file)}"\r\nContent-Type: application/octet-stream` : ''}\r\n\r\n`,
      ),
    );
    parts.push(file === undefined ? encodeText(value) : fileOrInput(context, file), encodeText('\r\n'));
  }
  return collected([...parts, encodeText(`--${BOUNDARY}--\r\n`)]).slice();
}

function fileOrInput(context: ToolContext, name: string): Uint8Array<ArrayBuffer> {
  if (name === '-') return readAll(context).slice();
  const bytes = context.fs.readFile(absolutePath(context.cwd, name));
  if (typeof bytes === 'number') throw new ToolFailure(`Couldn't read data from file "${name}": ${errnoText(bytes)}`, 26);
  return bytes.slice();
}

function requestHeaders({ values, all }: CurlOptions, hasBody: boolean, url: URL): HeaderList {
  const headers = new Map<string, [string, string]>();
  const set = (name: string, value: string): void => void headers.set(name.toLowerCase(), [name, value]);
  set('Host', url.host);
  set('User-Agent', values.get('A') ?? 'curl/8.14.1');
  set('Accept', '*/*');
  if (hasBody)
    set(
      'Content-Type',
      all.has('F')
        ? `multipart/form-data; boundary=${BOUNDARY}`
        : all.has('json')
          ? 'application/json'
          : 'application/x-www-form-urlencoded',
    );
  if (all.has('json')) set('Accept', 'application/json');
  const user =
    values.get('u') ?? (url.username === '' ? undefined : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  if (user !== undefined) set('Authorization', `Basic ${encodeText(user).toBase64()}`);
  if (values.has('b')) set('Cookie', values.get('b') ?? '');
  if (values.has('e')) set('Referer', values.get('e') ?? '');
  for (const header of all.get('H') ?? []) {
    const colon = header.indexOf(':');
    const name = header.slice(0, colon === -1 ? undefined : colon).replace(/;$/, '');
    const value = colon === -1 ? '' : header.slice(colon + 1).trim();
    if (value === '' && !header.endsWith(';')) headers.delete(name.toLowerCase());
    else set(name, value);
  }
  return [...headers.values()];
}

function headText({ status, statusText, headers }: Exchange): string {
  return `HTTP/1.1 ${status} ${statusText}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

async function deliver(
  context: ToolContext,
  answer: Exchange,
  { flags, values }: CurlOptions,
  { method, url, fail }: { method: string; url: URL; fail: (status: number, message: string) => number },
): Promise<number> {
  if (flags.has('f') && answer.status >= 400) return fail(STATUS.httpError, `The requested URL returned error: ${answer.status}`);
  const file = values.get('o') ?? (flags.has('O') ? baseName(url.pathname) || 'curl_response' : null);
  const isFile = file !== null && file !== '-';
  const handle = isFile ? context.fs.open(absolutePath(context.cwd, file), 0o1101, 0o666 & ~context.umask) : -1;
  if (isFile && handle < 0) return fail(STATUS.writeFailed, `Failed to open the file ${file}: ${errnoText(handle)}`);
  if (values.has('D')) context.fs.writeFile(absolutePath(context.cwd, values.get('D') ?? ''), encodeText(headText(answer)), 0o644);
  if (flags.has('I') || flags.has('i')) context.write(headText(answer));
  let total = 0;
  for await (const chunk of answer.body) {
    total += chunk.length;
    if (handle < 0) {
      context.write(chunk);
      context.flush();
    } else for (let done = 0; done < chunk.length;) done += Math.max(1, context.fs.write(handle, chunk.subarray(done), -1));
  }
  if (handle >= 0) context.fs.close(handle);
  const format = values.get('w');
  if (format !== undefined) context.write(writeOut(format, answer, { total, method }));
  return 0;
}

function writeOut(format: string, { status, url, headers }: Exchange, { total, method }: { total: number; method: string }): string {
  const parts: Readonly<Record<string, string>> = {
    http_code: String(status).padStart(3, '0'),
    response_code: String(status).padStart(3, '0'),
    url_effective: url,
    size_download: String(total),
    method,
    content_type: headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '',
  };
  return format
    .replaceAll(/%\{(\w+)\}/g, (_whole, name: string) => parts[name] ?? '')
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t');
}

export const wget: Tool = async (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'OPTU', {
    'output-document': 'O',
    quiet: 'q',
    'directory-prefix': 'P',
    spider: 'spider',
    'no-verbose': 'nv',
  });
  if (operands.length === 0) throw new ToolFailure('missing URL', 1);
  let status = 0;
  for (const target of operands) {
    const url = URL.parse(/^[a-z]+:\/\//i.test(target) ? target : `http://${target}`);
    if (url === null) throw new ToolFailure(`${target}: Invalid URL`, 1);
    const say = (text: string): void => void (flags.has('q') || context.writeError(text));
    try {
      say(`Connecting to ${url.host}... `);
      const answer = await followed(
        context,
        {
          method: flags.has('spider') ? 'HEAD' : 'GET',
          url,
          headers: [
            ['Host', url.host],
            ['User-Agent', 'Wget/1.21.3'],
            ['Accept', '*/*'],
          ],
          body: null,
          signal: new AbortController().signal,
        },
        true,
        false,
      );
      say(`HTTP request sent, awaiting response... ${answer.status} ${answer.statusText}\n`);
      if (answer.status >= 400) {
        status = 8;
        continue;
      }
      const file =
        values.get('O') ??
        `${values.has('P') ? `${values.get('P') ?? ''}/` : ''}${baseName(url.pathname === '/' ? 'index.html' : url.pathname)}`;
      if (!flags.has('spider')) status = await save(context, answer, file, say);
    } catch (error) {
      if (!(error instanceof ConnectionFailed)) throw error;
      context.writeError(`wget: ${error.isRefused ? 'Connection refused' : error.message}\n`);
      status = 4;
    }
  }
  return status;
};

async function save(context: ToolContext, answer: Exchange, file: string, say: (text: string) => void): Promise<number> {
  const handle = file === '-' ? -1 : context.fs.open(absolutePath(context.cwd, file), 0o1101, 0o666 & ~context.umask);
  if (file !== '-' && handle < 0) throw new ToolFailure(`${file}: ${errnoText(handle)}`, 3);
  let total = 0;
  for await (const chunk of answer.body) {
    total += chunk.length;
    if (handle < 0) context.write(chunk);
    else context.fs.write(handle, chunk, -1);
  }
  if (handle >= 0) context.fs.close(handle);
  say(`'${file}' saved [${total}]\n`);
  return 0;
}
