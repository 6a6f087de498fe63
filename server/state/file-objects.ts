// Objects as files: written beside their place, flushed, renamed. The default object store.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { VerkletError } from '#protocol';
import type { ObjectStore } from './registry.ts';

const NAME = /^[a-zA-Z0-9_-]+(?:\/[a-zA-Z0-9_-]+)*$/;

export class FileObjects implements ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const target = this.#path(name);
    await mkdir(path.dirname(target), { recursive: true });
    const temporary = `${target}.${randomUUID()}`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } catch (error) {
      await file.close();
      await rm(temporary, { force: true });
      throw error;
    }
    await file.close();
    await rename(temporary, target);
  }

  async read(name: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    const file = await open(this.#path(name), 'r').catch((cause: unknown) => {
      throw new VerkletError('ERR_INTEGRITY', { name: `object ${name}`, expected: 'present' }, { cause });
    });
    try {
      const bytes = new Uint8Array(sizeBytes);
      const { bytesRead } = await file.read(bytes, 0, sizeBytes, offset);
      if (bytesRead !== sizeBytes) throw new VerkletError('ERR_INTEGRITY', { name: `object ${name}`, expected: `${sizeBytes} bytes` });
      return bytes;
    } finally {
      await file.close();
    }
  }

  async delete(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  #path(name: string): string {
    if (!NAME.test(name)) throw new VerkletError('ERR_BAD_OPTION', { name: 'object', reason: `${name} is not a name` });
    return path.join(this.#folder, name);
  }
}
