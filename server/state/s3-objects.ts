// Objects in a store that speaks S3: Amazon's, or any of its kind.
import { AwsClient } from 'aws4fetch';
import { VerkletError } from '#protocol';
import type { ObjectStore } from './registry.ts';

export interface S3Options {
  /** With the bucket, as `https://s3.example.com/verklet`. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

export class S3Objects implements ObjectStore {
  readonly #client: AwsClient;
  readonly #base: string;

  constructor({ url, accessKeyId, secretAccessKey, region }: S3Options) {
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 3 });
    this.#base = url.replace(/\/$/, '');
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const response = await this.#client.fetch(this.#url(name), { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
    await response.body?.cancel();
    if (!response.ok) throw new VerkletError('ERR_INTERNAL', { reason: `the object store answered ${response.status} to a write` });
  }

  async read(name: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    if (sizeBytes === 0) return new Uint8Array(0);
    const range = `bytes=${offset}-${offset + sizeBytes - 1}`;
    const response = await this.#client.fetch(this.#url(name), { headers: { Range: range } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    // A store that ignores the range answers 200 with everything.
    const part = response.status === 200 ? bytes.subarray(offset, offset + sizeBytes) : bytes;
    if (!response.ok || part.length !== sizeBytes) {
      throw new VerkletError('ERR_INTEGRITY', { name: `object ${name} (${response.status})`, expected: `${sizeBytes} bytes` });
    }
    return part;
  }

  async delete(name: string): Promise<void> {
    const response = await this.#client.fetch(this.#url(name), { method: 'DELETE' });
    await response.body?.cancel();
    if (!response.ok && response.status !== 404) {
      throw new VerkletError('ERR_INTERNAL', { reason: `the object store answered ${response.status} to a removal` });
    }
  }

  #url(name: string): string {
    if (!/^[a-zA-Z0-9_-]+(?:\/[a-zA-Z0-9_-]+)*$/.test(name)) {
      throw new VerkletError('ERR_BAD_OPTION', { name: 'object', reason: `${name} is not a name` });
    }
    return `${this.#base}/${name}`;
  }
}
