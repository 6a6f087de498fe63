// The state that the configuration asks for: SQLite and files, or Postgres and an S3-compatible store.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { SessionConfig } from '../config.ts';
import { FileObjects } from './file-objects.ts';
import { PostgresRegistry } from './postgres-registry.ts';
import { RecordStore } from './record-store.ts';
import { S3Objects } from './s3-objects.ts';
import { SqliteRegistry } from './sqlite-registry.ts';

export async function openState(config: SessionConfig): Promise<RecordStore> {
  mkdirSync(config.dataFolder, { recursive: true });
  const registry =
    config.databaseUrl === null
      ? new SqliteRegistry(path.join(config.dataFolder, 'registry.sqlite'))
      : await PostgresRegistry.open(config.databaseUrl);
  const objects = config.s3 === null ? new FileObjects(path.join(config.dataFolder, 'objects')) : new S3Objects(config.s3);
  return RecordStore.create(registry, objects, config.maxBytesPerOwner);
}
