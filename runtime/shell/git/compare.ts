// Differences between trees, the index and the working tree, as git shows them. Runs in the tools worker.
import * as git from 'isomorphic-git';
import type { WalkerEntry } from 'isomorphic-git';
import { findHunks, toLines, unifiedDiff } from '../tools/diff.ts';
import type { Repository } from './repository.ts';

/** A tree to compare: a commit, the index, or the files as they are. */
export type Side = { readonly kind: 'commit'; readonly oid: string | null } | { readonly kind: 'index' } | { readonly kind: 'files' };

export interface Change {
  readonly path: string;
  readonly before: Content | null;
  readonly after: Content | null;
}

interface Content {
  readonly bytes: Uint8Array;
  readonly mode: string;
  readonly oid: string;
}

const EMPTY_OID = '0'.repeat(40);

export async function changesBetween({ base }: Repository, from: Side, to: Side, paths: readonly string[] = []): Promise<Change[]> {
  const walkers = [walker(from), walker(to)];
  const isWanted = (path: string): boolean =>
    paths.length === 0 || paths.some((one) => one === '.' || path === one || path.startsWith(`${one}/`) || one.startsWith(`${path}/`));
  const changes: Change[] = [];
  const tracked = from.kind === 'files' || to.kind === 'files' ? new Set((await git.listFiles({ ...base })) as string[]) : null;
  await git.walk({
    ...base,
    trees: walkers.map((one) => one ?? git.TREE({ ref: 'HEAD' })),
    map: async (path: string, entries: (WalkerEntry | null)[]) => {
      if (path === '.') return undefined;
      if (!isWanted(path)) return null;
      const [a, b] = entries.map((entry, index) => (walkers[index] === null ? null : entry));
      const types = await Promise.all([a?.type(), b?.type()]);
      if (types.includes('tree')) {
        // Untracked folders, as node_modules, are not walked into.
        const isTracked =
          tracked === null || [...tracked].some((file) => file.startsWith(`${path}/`)) || (a !== null && from.kind === 'commit');
        return isTracked ? undefined : null;
      }
      const isNew = tracked !== null && !tracked.has(path) && (from.kind === 'files' ? b : a) === null;
      if (isNew) return undefined;
      const [before, after] = await Promise.all([contentOf(base, a ?? null), contentOf(base, b ?? null)]);
      if (before?.oid === after?.oid && before?.mode === after?.mode) return undefined;
      if (!(isWanted(path) && (before !== null || after !== null))) return undefined;
      changes.push({ path, before, after });
      return undefined;
    },
  });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `null` stands for an empty tree. */
function walker(side: Side): ReturnType<typeof git.TREE> | null {
  if (side.kind === 'index') return git.STAGE();
  if (side.kind === 'files') return git.WORKDIR();
  return side.oid === null ? null : git.TREE({ ref: side.oid });
}

async function contentOf(base: Repository['base'], entry: WalkerEntry | null): Promise<Content | null> {
  if (entry === null || (await entry.type()) !== 'blob') return null;
  const oid = (await entry.oid()) ?? EMPTY_OID;
  const mode = ((await entry.mode()) & 0o111) !== 0 ? '100755' : '100644';
  const bytes = (await entry.content()) ?? ((await git.readBlob({ ...base, oid })) as { blob: Uint8Array }).blob;
  return { bytes: bytes as Uint8Array, mode, oid };
}

export function patchOf({ path, before, after }: Change, isColoured: boolean): string {
  const [a, b] = [before?.oid ?? EMPTY_OID, after?.oid ?? EMPTY_OID].map((oid) => oid.slice(0, 7));
  let head = `diff --git a/${path} b/${path}\n`;
  if (before === null) head += `new file mode ${after?.mode ?? '100644'}\n`;
  else if (after === null) head += `deleted file mode ${before.mode}\n`;
  else if (before.mode !== after.mode) head += `old mode ${before.mode}\nnew mode ${after.mode}\n`;
  if (before?.oid === after?.oid) return head;
  head += `index ${a}..${b}${before !== null && after !== null && before.mode === after.mode ? ` ${before.mode}` : ''}\n`;
  if (isBinary(before) || isBinary(after))
    return `${head}Binary files ${before === null ? '/dev/null' : `a/${path}`} and ${after === null ? '/dev/null' : `b/${path}`} differ\n`;
  const body = bodyOf(before, after);
  if (body === '') return head;
  const text = `${head}--- ${before === null ? '/dev/null' : `a/${path}`}\n+++ ${after === null ? '/dev/null' : `b/${path}`}\n${body}`;
  return isColoured ? coloured(text) : text;
}

function isBinary(content: Content | null): boolean {
  return content !== null && content.bytes.subarray(0, 8000).includes(0);
}

function bodyOf(before: Content | null, after: Content | null): string {
  const [a, b] = [before, after].map((content) => toLines(content?.bytes ?? new Uint8Array()));
  if (a === undefined || b === undefined) return '';
  const key = (text: typeof a): string[] =>
    text.lines.map((line, index) => (index === text.lines.length - 1 && !text.endsWithNewline ? `${line}\0` : line));
  return unifiedDiff(a, b, findHunks(key(a), key(b)), 3);
}

function coloured(text: string): string {
  const paint = (code: string, line: string): string => `\u001b[${code}m${line}\u001b[m`;
  return text
    .split('\n')
    .map((line) => {
      if (/^(?:diff|index|---|\+\+\+|new file|deleted|old mode|new mode)/.test(line)) return paint('1', line);
      if (line.startsWith('@@')) return line.replace(/^@@.*?@@/, (range) => paint('36', range));
      if (line.startsWith('+')) return paint('32', line);
      return line.startsWith('-') ? paint('31', line) : line;
    })
    .join('\n');
}

export interface Counted {
  readonly path: string;
  readonly added: number;
  readonly removed: number;
  readonly isBinary: boolean;
}

export function countChange({ path, before, after }: Change): Counted {
  if (isBinary(before) || isBinary(after)) return { path, added: 0, removed: 0, isBinary: true };
  let [added, removed] = [0, 0];
  for (const line of bodyOf(before, after).split('\n')) {
    if (line.startsWith('+')) added++;
    else if (line.startsWith('-')) removed++;
  }
  return { path, added, removed, isBinary: false };
}

/** ` 2 files changed, 3 insertions(+), 1 deletion(-)`. */
export function summary(counts: readonly Counted[]): string {
  const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
  const added = counts.reduce((sum, one) => sum + one.added, 0);
  const removed = counts.reduce((sum, one) => sum + one.removed, 0);
  const parts = [` ${plural(counts.length, 'file')} changed`];
  if (added > 0 || removed === 0) parts.push(`${plural(added, 'insertion')}(+)`);
  if (removed > 0 || added === 0) parts.push(`${plural(removed, 'deletion')}(-)`);
  return `${parts.join(', ')}\n`;
}

const GRAPH_WIDTH = 40;

export function statLines(counts: readonly Counted[]): string {
  const width = Math.max(...counts.map(({ path }) => path.length));
  const most = Math.max(...counts.map(({ added, removed }) => added + removed));
  const scale = most > GRAPH_WIDTH ? GRAPH_WIDTH / most : 1;
  const lines = counts.map(({ path, added, removed, isBinary: binary }) => {
    const total = String(added + removed).padStart(String(most).length);
    return ` ${path.padEnd(width)} | ${binary ? 'Bin' : `${total} ${'+'.repeat(Math.ceil(added * scale))}${'-'.repeat(Math.ceil(removed * scale))}`}\n`;
  });
  return lines.join('') + summary(counts);
}
