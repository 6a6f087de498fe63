// Subresource integrity of tarballs: the strongest algorithm that is listed must match. Browser and Node.
import { VerkletError } from '#protocol';
import { btoa, crypto } from '../process/intrinsics.ts';

const ALGORITHMS = [
  ['sha512', 'SHA-512'],
  ['sha384', 'SHA-384'],
  ['sha256', 'SHA-256'],
  ['sha1', 'SHA-1'],
] as const;

/** Throws `ERR_INTEGRITY` when the bytes are not what the lockfile names. */
export async function checkIntegrity(name: string, bytes: Uint8Array<ArrayBuffer>, integrity: string): Promise<void> {
  const listed = integrity.trim().split(/\s+/);
  for (const [prefix, algorithm] of ALGORITHMS) {
    const expected = listed.filter((one) => one.startsWith(`${prefix}-`)).map((one) => one.slice(prefix.length + 1).split('?', 1)[0]);
    if (expected.length === 0) continue;
    const digest = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
    if (expected.includes(btoa(String.fromCharCode(...digest)))) return;
    break;
  }
  throw new VerkletError('ERR_INTEGRITY', { name, expected: integrity });
}
