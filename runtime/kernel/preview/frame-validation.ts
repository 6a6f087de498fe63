// Checks what a preview service worker sends. Its origin is user-controlled: a frame that is not exactly of the protocol
// is refused here, before any of it is used. Runs in the kernel worker.
import * as v from 'valibot';
import { MAX_CHUNK_BYTES, type ToKernelFrame } from '#protocol';

/** Longer than any browser lets an address be in practice. */
const MAX_URL_LENGTH = 128 * 1024;
const MAX_HEADERS = 256;
const MAX_TEXT_LENGTH = 64 * 1024;
/** Names on which a page would decide how the request is framed or routed; the client writes them itself. */
const RESERVED = new Set(['host', 'connection', 'transfer-encoding', 'keep-alive', 'upgrade', 'te', 'trailer', 'cookie', 'expect']);

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const text = v.pipe(v.string(), v.maxLength(MAX_TEXT_LENGTH));
const url = v.pipe(v.string(), v.maxLength(MAX_URL_LENGTH), v.startsWith('/'));
const headers = v.pipe(v.array(v.tuple([text, text])), v.maxLength(MAX_HEADERS));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const bytes = v.pipe(
  v.instance(ArrayBuffer),
  v.check((buffer) => buffer.byteLength <= MAX_CHUNK_BYTES, 'a chunk larger than the limit'),
);

const frame = v.variant('type', [
  v.object({ type: v.literal('hello'), protocolVersion: v.number(), port }),
  v.object({
    type: v.literal('open-request'),
    id,
    method: v.pipe(v.string(), v.maxLength(32)),
    url,
    headers,
    hasBody: v.boolean(),
    destination: v.pipe(v.string(), v.maxLength(32)),
    isNavigation: v.boolean(),
    omitsCookies: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal('request-chunk'), id, bytes }),
  v.object({ type: v.literal('request-end'), id }),
  v.object({ type: v.literal('grant-credit'), id, sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) }),
  v.object({ type: v.literal('cancel-request'), id, reason: text }),
  v.object({
    type: v.literal('open-socket'),
    id,
    url,
    protocols: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[!#$%&'*+\-.^_`|~\w]+$/))), v.maxLength(64)),
    origin: text,
    socket: v.instance(MessagePort),
  }),
  v.object({ type: v.literal('set-cookie'), value: text, url }),
  v.object({ type: v.literal('report-console'), level: v.pipe(v.string(), v.maxLength(16)), text }),
]);

/** The frame, or null for anything else. */
export function parseFrame(data: unknown): ToKernelFrame | null {
  const result = v.safeParse(frame, data);
  return result.success ? (result.output as ToKernelFrame) : null;
}

export function isReservedHeader(name: string): boolean {
  return RESERVED.has(name.toLowerCase());
}
