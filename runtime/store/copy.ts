// Copies what a store has committed into an empty one, without opening the source: its owner may be writing. Runs in the
// store worker.
import type { BlockFolder } from './block-file.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** A file that grows while it is copied cannot be read on: the copy starts again. */
const ATTEMPTS = 5;

/** Heads first: what they speak of is then in the packs that are read after them, for packs only grow. */
export async function copyCommitted(from: BlockFolder, to: BlockFolder): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const name of (await from.list()).toSorted((a, b) => Number(b === 'head') - Number(a === 'head')))
        await copyFile(from, to, name);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isChanged(error)) throw error;
    }
  }
}

async function copyFile(from: BlockFolder, to: BlockFolder, name: string): Promise<void> {
  const source = await from.snapshot(name);
  const target = await to.open(name);
  try {
    target.truncate(0);
    for (let offset = 0; offset < source.size; offset += PIECE_BYTES)
      target.write(new Uint8Array(await source.slice(offset, offset + PIECE_BYTES).arrayBuffer()), offset);
    await target.flush();
  } finally {
    target.close();
  }
}

function isChanged(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError');
}
