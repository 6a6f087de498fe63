// What the tests of lost saves write: ever new generations of a set of files, each written in one step and saved. Whatever
// is there later has to be one whole generation, and not older than the last one whose save was confirmed.
import type { Page } from 'playwright';

export const FILES = 24;

/** What a page reports while it writes. */
export interface Progress {
  started: number;
  confirmed: number;
}

declare global {
  function killsStarted(generation: number): Promise<void>;
  function killsConfirmed(generation: number): Promise<void>;
}

/** Once per page, before it writes. */
export async function reportProgress(page: Page, progress: Progress): Promise<void> {
  await page.exposeFunction('killsStarted', (generation: number) => void (progress.started = generation));
  await page.exposeFunction('killsConfirmed', (generation: number) => void (progress.confirmed = generation));
}

/** What is wrong with the generation that was found, or null. */
export function violation(found: number | string, { confirmed, started }: Progress): string | null {
  if (typeof found === 'string') return found;
  if (found >= confirmed && found <= started) return null;
  return `state ${found}, confirmed ${confirmed}, begun ${started}`;
}

// The functions below run in the page: no references to this module's scope.

/** The generation that all files are of, or what is wrong. */
export async function readGeneration(files: number): Promise<number | string> {
  const { fs, persistence } = globalThis.harnessRuntime;
  if (persistence.isRecovered) return 'the newest state was damaged';
  if (persistence.isNew) return 0;
  const names = await fs.readdir('.');
  if (names.length === 0) return 0;
  const found = new Set<string>();
  for (let index = 0; index < files; index++) {
    const [generation = '', end = ''] = (await fs.readFile(`file-${index}.txt`, 'utf8')).split(/ .* /s);
    found.add(generation);
    if (end !== `end-${index}`) return `file-${index}.txt is cut`;
  }
  return found.size === 1 ? Number([...found][0]) : `a mix of the generations ${[...found].join()}`;
}

/** Writes generation after generation and saves each, until saving fails: resolves with the code of that. */
export async function writeGenerations({ files, from }: { files: number; from: number }): Promise<string> {
  const { fs, persistence } = globalThis.harnessRuntime;
  for (let generation = from + 1; ; generation++) {
    const tree: Record<string, string> = {};
    for (let index = 0; index < files; index++)
      tree[`file-${index}.txt`] = `${generation} ${'x'.repeat(Math.random() * 20_000)} end-${index}`;
    await globalThis.killsStarted(generation);
    try {
      await fs.mount(tree);
      await persistence.save();
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
    await globalThis.killsConfirmed(generation);
  }
}
