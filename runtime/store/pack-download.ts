// Fetches files of Python's offline pack through a frame of the preview host, and checks each. Runs in the store worker.
import * as v from 'valibot';
import { PACK_FOLDER, PACK_LIST_PATH, toHex, VerkletError, type FromPackReader, type PackFile, type ToPackReader } from '#protocol';

const MAX_LIST_BYTES = 100_000;
const MAX_FILE_BYTES = 500_000_000;
/** A network that sends nothing for so long has gone. */
const PATIENCE_MS = 30_000;

const list = v.pipe(
  v.array(
    v.object({
      url: v.pipe(
        v.string(),
        v.check((url) => url.startsWith(PACK_FOLDER) && /^[\w.-]+$/.test(url.slice(PACK_FOLDER.length))),
      ),
      revision: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
      sizeBytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_FILE_BYTES)),
    }),
  ),
  v.minLength(1),
  v.maxLength(100),
);
const answer = v.variant('type', [
  v.object({ type: v.literal('pack-chunk'), bytes: v.instance(Uint8Array) }),
  v.object({ type: v.literal('pack-file-end') }),
  v.object({ type: v.literal('pack-failed'), reason: v.pipe(v.string(), v.maxLength(1000)) }),
]);

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes of each chunk. */
  readonly onBytes: (sizeBytes: number) => void;
}

export async function downloadList(port: MessagePort, signal: AbortSignal): Promise<readonly PackFile[]> {
  const text = await (await download(port, PACK_LIST_PATH, MAX_LIST_BYTES, { signal, onBytes: () => undefined })).text();
  try {
    return v.parse(list, JSON.parse(text));
  } catch (error) {
    throw failed('the list of its files cannot be read', error);
  }
}

/** The file, whole and with the listed content. */
export async function downloadFile(port: MessagePort, file: PackFile, options: DownloadOptions): Promise<Blob> {
  const blob = await download(port, file.url, file.sizeBytes, options);
  const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())));
  if (blob.size !== file.sizeBytes || !digest.startsWith(file.revision)) throw failed(`${file.url} arrived damaged`);
  // A module's script and WebAssembly are loaded by their type only.
  return blob.slice(0, blob.size, typeOf(file.url));
}

async function download(port: MessagePort, url: string, maxBytes: number, { signal, onBytes }: DownloadOptions): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let sizeBytes = 0;
  post(port, { type: 'open-pack-file', url });
  for (;;) {
    const message = await nextAnswer(port, signal);
    if (message.type === 'pack-failed') throw failed(message.reason);
    if (message.type === 'pack-file-end') return new Blob(chunks);
    sizeBytes += message.bytes.length;
    if (sizeBytes > maxBytes) throw failed(`${url} is larger than announced`);
    chunks.push(message.bytes);
    onBytes(message.bytes.length);
  }
}

async function nextAnswer(port: MessagePort, signal: AbortSignal): Promise<FromPackReader> {
  const { promise, resolve, reject } = Promise.withResolvers<FromPackReader>();
  const listening = new AbortController();
  const stop = (): void => reject(new VerkletError('ERR_ABORTED', { what: 'Keeping Python offline' }));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { signal: listening.signal });
  const timer = setTimeout(() => reject(failed('the network sends nothing any more')), PATIENCE_MS);
  port.addEventListener(
    'message',
    ({ data }: MessageEvent<unknown>) => {
      const parsed = v.safeParse(answer, data);
      if (parsed.success) resolve(parsed.output as FromPackReader);
      else reject(new VerkletError('ERR_BAD_MESSAGE', { reason: parsed.issues[0].message }));
    },
    { signal: listening.signal },
  );
  post(port, { type: 'read-pack-chunk' });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    listening.abort();
  }
}

function post(port: MessagePort, message: ToPackReader): void {
  port.postMessage(message);
}

function failed(reason: string, cause?: unknown): VerkletError {
  return new VerkletError('ERR_PACK_FAILED', { reason }, { cause });
}

function typeOf(url: string): string {
  if (url.endsWith('.mjs')) return 'text/javascript';
  return url.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
}
