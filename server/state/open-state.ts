// The state that the configuration asks for: SQLite and files, or Postgres and an S3-compatible store.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { SessionConfig } from '../config.ts';
import { FileObjects } from './file-objects.ts';
import { RecordStore } from './record-store.ts';
import { SqliteRegistry } from './sqlite-registry.ts';

export async function openState(config: SessionConfig): Promise<RecordStore> {
  mkdirSync(config.dataFolder, { recursive: true });
  const registry = new SqliteRegistry(path.join(config.dataFolder, 'registry.sqlite'));
  const objects = new FileObjects(path.join(config.dataFolder, 'objects'));
  return RecordStore.create(registry, objects, config.maxBytesPerOwner);
}
