// The shape of what the promotion client may send to the kernel: another origin, so everything is checked. Kernel worker.
import * as v from 'valibot';
import { isErrorCode, VerkletError, type ErrorCode, type FromPromotion } from '#protocol';

const id = v.pipe(v.number(), v.safeInteger());
const text = v.pipe(v.string(), v.maxLength(65_536));
const bytes = v.instance(Uint8Array);
const error = v.object({
  code: v.custom<ErrorCode>(isErrorCode),
  message: v.string(),
  details: v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.null()])),
});
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const sizeBytes = v.pipe(v.number(), v.integer(), v.minValue(0));

const message = v.variant('type', [
  v.object({ type: v.literal('set-placement'), placement: v.picklist(['tab', 'on-demand', 'server']) }),
  v.object({ type: v.literal('move-running'), rule: v.picklist(['continue', 'restart', 'stop']) }),
  v.object({ type: v.literal('promotion-answer'), id, error: v.nullable(error) }),
  v.object({ type: v.literal('remote-note'), pid: id, text }),
  v.object({ type: v.literal('remote-output'), pid: id, stream: v.picklist(['stdout', 'stderr']), bytes }),
  v.object({ type: v.literal('remote-input-taken'), pid: id, sizeBytes }),
  v.object({
    type: v.literal('remote-ended'),
    pid: id,
    status: v.object({ code: v.nullable(v.number()), signal: v.nullable(v.string()) }),
  }),
  v.object({ type: v.literal('remote-failed'), pid: id, error }),
  v.object({ type: v.literal('set-remote-ports'), ports: v.pipe(v.array(port), v.maxLength(1000)) }),
  v.object({ type: v.literal('connection-data'), id, bytes }),
  v.object({ type: v.literal('connection-taken'), id, sizeBytes }),
  v.object({ type: v.literal('connection-end'), id }),
  v.object({ type: v.literal('connection-closed'), id }),
]);

/** Throws `ERR_BAD_MESSAGE`. */
export function parseFromPromotion(data: unknown): FromPromotion {
  const result = v.safeParse(message, data);
  if (!result.success) throw new VerkletError('ERR_BAD_MESSAGE', { reason: result.issues[0].message });
  return result.output as FromPromotion;
}
