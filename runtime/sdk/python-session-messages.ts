// Lines of JSON between the SDK and the process of a Python session, and their shape: the process runs user code, so what
// it says is checked. The other side is runtime/python/library/_verklet/session.py. Page side.
import * as v from 'valibot';

export type ToPythonSession =
  | { readonly type: 'execute'; readonly id: number; readonly code: string }
  | { readonly type: 'complete'; readonly id: number; readonly code: string }
  /** To `ask`; null: nobody answers. */
  | { readonly type: 'answer'; readonly text: string | null };

const text = v.string();
const id = v.number();
/** Null for what a task of an earlier cell shows while none runs. */
const cell = v.nullable(v.number());
const bundle = v.record(text, v.unknown());

const message = v.variant('type', [
  v.object({ type: v.literal('ready'), version: text }),
  v.object({ type: v.literal('started'), id, count: v.number() }),
  v.object({ type: v.literal('finished'), id, outcome: v.picklist(['ok', 'error', 'interrupted']), cwd: text }),
  v.object({ type: v.literal('stream'), id: cell, stream: v.picklist(['stdout', 'stderr']), text }),
  v.object({ type: v.literal('display'), id: cell, data: bundle, metadata: bundle, displayId: v.nullable(text), isUpdate: v.boolean() }),
  v.object({ type: v.literal('clear'), id: cell, wait: v.boolean() }),
  v.object({ type: v.literal('result'), id: cell, data: bundle, metadata: bundle, count: v.number() }),
  v.object({ type: v.literal('error'), id: cell, name: text, message: text, traceback: v.array(text) }),
  v.object({ type: v.literal('ask'), id, prompt: text, isSecret: v.boolean() }),
  v.object({ type: v.literal('completed'), id, length: v.number(), items: v.array(v.object({ label: text, kind: text })) }),
]);

export type FromPythonSession = v.InferOutput<typeof message>;

/** Null for a line that is no message. */
export function parseSessionLine(line: string): FromPythonSession | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), message), line);
  return parsed.success ? parsed.output : null;
}
