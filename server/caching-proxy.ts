// What the read-only proxies to package indexes share: bounded answers of an upstream, a cache of files, answers that any
// origin may read.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

export class UpstreamError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`upstream answered ${status}`);
    this.status = status;
  }
}
export class TooLargeError extends Error {}

/** The body, as long as it is no larger than `limitBytes`; `who` sent it. Throws {@link TooLargeError}. */
export async function readBounded(response: Response, limitBytes: number, who: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) throw new TooLargeError(`The answer of ${who} is larger than ${limitBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function answer(request: Request, bytes: Buffer, headers: Record<string, string>): Response {
  const all = new Headers({ ...headers, 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });
  if (request.headers.get('if-none-match') === headers['ETag']) return new Response(null, { status: 304, headers: all });
  all.set('Content-Length', String(bytes.byteLength));
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), { headers: all });
}

export function refuse(status: number, error: string): Response {
  return Response.json(
    { error },
    { status, headers: { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' } },
  );
}

export async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Readers see the old or the new content, never half of it. */
export async function replaceFile(file: string, content: Buffer | string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
