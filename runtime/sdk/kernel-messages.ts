// The shape of what the kernel may send: the workspace origin runs user code, so its messages are checked before use.
import * as v from 'valibot';
import { isErrorCode, VerkletError, type Diagnostic, type ErrorCode, type FromKernel } from '#protocol';

const id = v.pipe(v.number(), v.safeInteger());
const text = v.string();
const bytes = v.instance(Uint8Array);
const headers = v.array(v.tuple([text, text]));
const error = v.object({
  code: v.custom<ErrorCode>(isErrorCode),
  message: text,
  details: v.record(text, v.union([text, v.number(), v.boolean(), v.null()])),
});
const status = v.object({ code: v.nullable(v.number()), signal: v.nullable(text) });
/** Diagnostics are shown, never acted on: a type and a time are enough. */
const diagnostic = v.pipe(
  v.looseObject({ type: text, atMs: v.number() }),
  v.transform((value) => value as unknown as Diagnostic),
);

const bundle = v.record(text, v.unknown());
const displayEvent = v.variant('type', [
  v.object({ type: v.literal('display'), data: bundle, metadata: bundle, displayId: v.nullable(text), isUpdate: v.boolean() }),
  v.object({ type: v.literal('clear'), wait: v.boolean() }),
]);

const message = v.variant('type', [
  v.object({ type: v.literal('reply'), id, value: v.unknown() }),
  v.object({
    type: v.literal('reply-error'),
    id,
    error: v.optional(error),
    errno: v.optional(v.object({ code: text, syscall: text, path: text })),
  }),
  v.object({ type: v.literal('process-output'), pid: id, stream: v.picklist(['stdout', 'stderr']), bytes }),
  v.object({ type: v.literal('stdin-drained'), pid: id, sizeBytes: v.number() }),
  v.object({ type: v.literal('process-ended'), pid: id, status }),
  v.object({ type: v.literal('process-displayed'), pid: id, event: displayEvent }),
  v.object({ type: v.literal('port-opened'), port: id, pid: id, url: text }),
  v.object({ type: v.literal('port-closed'), port: id }),
  v.object({ type: v.literal('fetch-head'), id, status: v.number(), statusText: text, headers }),
  v.object({ type: v.literal('fetch-chunk'), id, bytes }),
  v.object({ type: v.literal('fetch-end'), id }),
  v.object({ type: v.literal('files-changed'), watchId: id, event: v.picklist(['change', 'rename']), path: text }),
  v.object({ type: v.literal('report-diagnostic'), diagnostic }),
]);

/** Throws `ERR_BAD_MESSAGE`. */
export function parseFromKernel(data: unknown): FromKernel {
  const result = v.safeParse(message, data);
  if (!result.success) throw new VerkletError('ERR_BAD_MESSAGE', { reason: result.issues[0].message });
  return result.output as FromKernel;
}
