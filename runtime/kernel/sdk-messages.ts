// The shape of what an embedding page may send: another origin, so everything is checked before use. Kernel worker.
import * as v from 'valibot';
import { VerkletError, type FileTree, type ToKernel } from '#protocol';

/** No path, name or argument of a sane program is longer; the limit keeps a hostile page from filling memory with one string. */
const MAX_TEXT = 1024 * 1024;
const MAX_ARGUMENTS = 100_000;

const id = v.pipe(v.number(), v.safeInteger());
const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const bytes = v.instance(Uint8Array);
const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000));
const environment = v.record(text, text);
const headers = v.array(v.tuple([text, text]));

const tree: v.GenericSchema<FileTree> = v.record(
  text,
  v.lazy(() => v.union([v.string(), bytes, v.strictObject({ symlink: text }), v.strictObject({ bytes, mode: v.number() }), tree])),
);

const fileEntry = v.variant('kind', [
  v.object({ kind: v.literal('file'), path: text, mode: v.number(), mtimeMs: v.number(), sizeBytes: v.number() }),
  v.object({ kind: v.literal('folder'), path: text, mode: v.number(), mtimeMs: v.number() }),
  v.object({ kind: v.literal('symlink'), path: text, target: text, mtimeMs: v.number() }),
  v.object({ kind: v.literal('removed'), path: text }),
]);

const fileCall = v.variant('op', [
  v.object({ op: v.literal('readFile'), path: text }),
  v.object({ op: v.literal('writeFile'), path: text, bytes, mode: v.optional(v.number()), flag: v.optional(v.picklist(['w', 'a', 'wx'])) }),
  v.object({ op: v.literal('readdir'), path: text, recursive: v.boolean() }),
  v.object({ op: v.literal('mkdir'), path: text, recursive: v.boolean() }),
  v.object({ op: v.literal('rm'), path: text, recursive: v.boolean(), force: v.boolean() }),
  v.object({ op: v.literal('rename'), from: text, to: text }),
  v.object({ op: v.literal('cp'), from: text, to: text, recursive: v.boolean() }),
  v.object({ op: v.picklist(['stat', 'lstat', 'readlink', 'realpath', 'unlink']), path: text }),
  v.object({ op: v.literal('symlink'), target: text, path: text }),
  v.object({ op: v.literal('chmod'), path: text, mode: v.number() }),
  v.object({ op: v.literal('utimes'), path: text, atimeMs: v.number(), mtimeMs: v.number() }),
  v.object({ op: v.literal('mountTree'), path: text, tree }),
  v.object({ op: v.literal('mountZip'), path: text, archive: v.instance(Blob), control: v.instance(MessagePort) }),
  v.object({ op: v.literal('exportZip'), path: text, exclude: v.array(text) }),
  v.object({
    op: v.literal('hashTree'),
    path: text,
    exclude: v.array(text),
    maxFileBytes: v.number(),
    cursor: v.nullable(v.number()),
  }),
  v.object({ op: v.literal('readFiles'), path: text, paths: v.array(text) }),
  v.object({ op: v.literal('applyEntries'), path: text, entries: v.array(fileEntry), contents: v.array(bytes) }),
  v.object({ op: v.literal('watch'), watchId: id, path: text, recursive: v.boolean() }),
  v.object({ op: v.literal('unwatch'), watchId: id }),
]);

const spawnOptions = v.object({
  cwd: text,
  env: environment,
  terminal: v.optional(v.object({ columns: size, rows: size })),
  timeoutMs: v.optional(v.pipe(v.number(), v.minValue(0))),
});

const commandArguments = v.pipe(v.array(text), v.maxLength(MAX_ARGUMENTS));

const message = v.variant('type', [
  v.object({ type: v.literal('configure-runtime'), id, env: environment, registryUrl: text, previewHost: text, workspace: text }),
  v.object({ type: v.literal('call-files'), id, call: fileCall }),
  v.object({ type: v.literal('attach-store'), id, keepsFiles: v.boolean() }),
  v.object({ type: v.literal('save-files'), id, name: v.nullable(text) }),
  v.object({ type: v.literal('restore-files'), id, snapshot: text }),
  v.object({ type: v.literal('spawn-process'), id, command: text, args: commandArguments, options: spawnOptions }),
  v.object({ type: v.literal('write-stdin'), pid: id, bytes }),
  v.object({ type: v.literal('end-stdin'), pid: id }),
  v.object({ type: v.literal('grant-output'), pid: id, sizeBytes: v.pipe(v.number(), v.minValue(0)) }),
  v.object({ type: v.literal('kill-process'), pid: id, signal: text }),
  v.object({ type: v.literal('resize-terminal'), pid: id, columns: size, rows: size }),
  v.object({ type: v.literal('fetch-preview'), id, port: id, method: text, url: text, headers, body: v.nullable(bytes) }),
  v.object({ type: v.literal('cancel-fetch'), id }),
  v.object({ type: v.literal('grant-fetch'), id, sizeBytes: v.pipe(v.number(), v.minValue(0)) }),
  v.object({ type: v.literal('explain-command'), id, command: text, args: commandArguments, cwd: text }),
  v.object({ type: v.literal('attach-promotion'), id, port: v.instance(MessagePort) }),
  v.object({ type: v.literal('dispose-runtime'), id }),
]);

/** Throws `ERR_BAD_MESSAGE` with the first thing that is wrong. */
export function parseToKernel(data: unknown): ToKernel {
  const result = v.safeParse(message, data);
  if (!result.success) throw new VerkletError('ERR_BAD_MESSAGE', { reason: result.issues[0].message });
  return result.output as ToKernel;
}
