// Tar archives: what npm publishes is read as npm reads it, what is hostile or damaged is refused whole.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkIntegrity } from './integrity.ts';
import { gunzip } from './tarballs.ts';
import { readTar } from './untar.ts';

interface Entry {
  readonly path: string;
  readonly text?: string;
  readonly type?: string;
  readonly mode?: number;
  readonly prefix?: string;
  readonly size?: string;
}

/** A tar archive of these entries, with right checksums unless told otherwise. */
function tar(entries: readonly Entry[], { breaksChecksum = false } = {}): Uint8Array<ArrayBuffer> {
  const blocks: Buffer[] = [];
  for (const { path, text = '', type = '0', mode = 0o644, prefix = '', size } of entries) {
    const header = Buffer.alloc(512);
    header.write(path, 0, 100, 'utf8');
    header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
    header.write(size ?? `${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\0', 257);
    header.write(prefix, 345);
    const sum = header.reduce((total, byte) => total + byte, breaksChecksum ? 1 : 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    blocks.push(header, body);
  }
  return Uint8Array.from(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

const pax = (records: Readonly<Record<string, string>>): Entry => {
  const text = Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length + 1;
      while (`${length}${rest}`.length !== length) length++;
      return `${length}${rest}`;
    })
    .join('');
  return { path: 'PaxHeader', type: 'x', text };
};

function listed(archive: Uint8Array): unknown {
  return readTar(archive, 'p').map(({ path, mode, bytes }) => [path, mode.toString(8), Buffer.from(bytes).toString()]);
}

describe('what npm publishes', () => {
  test('files lose their top folder and keep their modes', () => {
    expect(
      listed(
        tar([
          { path: 'package/', type: '5' },
          { path: 'package/a.js', text: 'one' },
          { path: 'other/bin/b', text: 'two', mode: 0o755 },
        ]),
      ),
    ).toEqual([
      ['a.js', '644', 'one'],
      ['bin/b', '755', 'two'],
    ]);
  });

  test('long names by prefix, pax header and GNU header', () => {
    const long = `package/${'d'.repeat(120)}/file`;
    const expected = [[long.slice('package/'.length), '644', 'x']];
    expect(listed(tar([{ path: 'file', prefix: `package/${'d'.repeat(120)}`, text: 'x' }]))).toEqual(expected);
    expect(listed(tar([pax({ path: long }), { path: 'short', text: 'x' }]))).toEqual(expected);
    expect(
      listed(
        tar([
          { path: '././@LongLink', type: 'L', text: `${long}\0` },
          { path: 'short', text: 'x' },
        ]),
      ),
    ).toEqual(expected);
  });

  test('a .gitignore becomes .npmignore, unless there is one', () => {
    expect(listed(tar([{ path: 'p/.gitignore', text: 'a' }]))).toEqual([['.npmignore', '644', 'a']]);
    expect(
      listed(
        tar([
          { path: 'p/.gitignore', text: 'a' },
          { path: 'p/.npmignore', text: 'b' },
        ]),
      ),
    ).toEqual([['.npmignore', '644', 'b']]);
  });

  test('links are left out', () => {
    expect(
      listed(
        tar([
          { path: 'p/link', type: '2' },
          { path: 'p/hard', type: '1' },
          { path: 'p/a', text: 'x' },
        ]),
      ),
    ).toEqual([['a', '644', 'x']]);
  });
});

describe('what is refused', () => {
  test.each([
    ['traversal', [{ path: 'package/../../etc/passwd', text: 'x' }]],
    ['traversal by pax', [pax({ path: 'package/../x' }), { path: 'a', text: 'x' }]],
    ['an absolute path', [{ path: '/etc/passwd', text: 'x' }]],
    ['backslashes', [{ path: 'package\\..\\x', text: 'x' }]],
    ['the top folder itself', [{ path: 'package', text: 'x' }]],
    ['a device', [{ path: 'p/device', type: '3' }]],
    ['a fifo', [{ path: 'p/fifo', type: '6' }]],
    ['a size that is no number', [{ path: 'p/a', text: 'x', size: 'zzzzzzzzzzz\0' }]],
    ['a size past the end', [{ path: 'p/a', text: 'x', size: '00000777777\0' }]],
    ['a negative pax size', [pax({ size: '-1' }), { path: 'p/a', text: 'x' }]],
    ['no files', [{ path: 'p/', type: '5' }]],
  ] as const)('%s', (_name, entries) => {
    expect(() => readTar(tar(entries), 'p')).toThrow(expect.objectContaining({ code: 'ERR_BAD_ARCHIVE' }));
  });

  test('a wrong checksum', () => {
    expect(() => readTar(tar([{ path: 'p/a', text: 'x' }], { breaksChecksum: true }), 'p')).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_ARCHIVE' }),
    );
  });

  test('an archive that is cut short anywhere', () => {
    const whole = tar([{ path: 'p/a', text: 'x'.repeat(2000) }]);
    for (let length = 512; length < 2512; length += 97)
      expect(() => readTar(whole.subarray(0, length), 'p')).toThrow(expect.objectContaining({ code: 'ERR_BAD_ARCHIVE' }));
  });

  test('a gzip file that is cut, damaged or a bomb', async () => {
    const packed = new Uint8Array(gzipSync(Buffer.alloc(100_000, 'text ')));
    expect((await gunzip(packed, 'p')).length).toBe(100_000);
    const refused = { code: 'ERR_BAD_ARCHIVE' };
    await expect(gunzip(packed.slice(0, -10), 'p')).rejects.toMatchObject(refused);
    await expect(gunzip(new Uint8Array(100), 'p')).rejects.toMatchObject(refused);
    await expect(gunzip(new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024))), 'p')).rejects.toMatchObject(refused);
  });

  test('bytes that are not what the lockfile names', async () => {
    const bytes = new TextEncoder().encode('content');
    const sha512 = `sha512-${Buffer.from(await crypto.subtle.digest('SHA-512', bytes)).toString('base64')}`;
    await checkIntegrity('p', bytes, sha512);
    await checkIntegrity('p', bytes, `sha1-AAAA ${sha512}`);
    const refused = { code: 'ERR_INTEGRITY' };
    await expect(checkIntegrity('p', bytes.slice(1), sha512)).rejects.toMatchObject(refused);
    // The strongest decides: a right weak hash does not help a wrong strong one.
    const sha1 = `sha1-${Buffer.from(await crypto.subtle.digest('SHA-1', bytes)).toString('base64')}`;
    await expect(checkIntegrity('p', bytes, `${sha1} sha512-AAAA`)).rejects.toMatchObject(refused);
    await expect(checkIntegrity('p', bytes, 'md5-AAAA')).rejects.toMatchObject(refused);
  });
});
