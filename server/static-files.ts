// Serves files of one folder: strong ETag, precompressed Brotli where the build made it, immutable caching for hashed names.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { HeaderSet } from '#headers';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
};

// Vite's hashed names: `name-<8 base64url characters>.ext`.
const HASHED_NAME = /-[\w-]{8}\.\w+$/;

/** A response for `urlPath` below `folder`, or null when there is no such file. Never leaves the folder. */
export async function serveFile(folder: string, urlPath: string, request: Request, headers: HeaderSet): Promise<Response | null> {
  const relative = safeRelative(urlPath);
  if (relative === null) return null;
  const file = path.join(folder, relative);
  const info = await stat(file).catch(() => null); // missing is an ordinary answer here
  if (!info?.isFile()) return null;
  const etag = `"${info.size.toString(36)}-${Math.floor(info.mtimeMs).toString(36)}"`;
  const all = new Headers(headers);
  all.set('ETag', etag);
  all.set('Content-Type', types[path.extname(file)] ?? 'application/octet-stream');
  if (!all.has('Cache-Control')) all.set('Cache-Control', HASHED_NAME.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache');
  all.set('Vary', 'Accept-Encoding');
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: all });
  const compressed = await compressedTwin(file, request);
  if (compressed) all.set('Content-Encoding', 'br');
  all.set('Content-Length', String(compressed?.size ?? info.size));
  if (request.method === 'HEAD') return new Response(null, { headers: all });
  return new Response(Readable.toWeb(createReadStream(compressed?.file ?? file)) as ReadableStream, { headers: all });
}

function safeRelative(urlPath: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null; // malformed percent-encoding names no file
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null;
  const normal = path.posix.normalize(decoded);
  return normal.startsWith('/') && !normal.includes('/../') ? normal.slice(1) : null;
}

async function compressedTwin(file: string, request: Request): Promise<{ file: string; size: number } | null> {
  if (!/\bbr\b/.test(request.headers.get('accept-encoding') ?? '')) return null;
  const info = await stat(`${file}.br`).catch(() => null); // not every file has a twin
  return info ? { file: `${file}.br`, size: info.size } : null;
}
