// A loopback Python package index (PEP 691 JSON, or PEP 503 HTML) over a folder of wheels, for tests. Runs in Node.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';

export interface PackageIndex extends AsyncDisposable {
  /** As `VERKLET_PYTHON_INDEX` wants it. */
  readonly url: string;
  /** Files below `folder` as a wheel of that name, with the metadata that pip needs. */
  addWheel(name: string, version: string, files: Readonly<Record<string, string>>, options?: WheelOptions): void;
  /** A file that is no pure wheel, as an index lists them. */
  addFile(name: string, content: Uint8Array): void;
  /** Distributions installed in this machine's Python, packed as wheels; false when it does not have them all. */
  addInstalled(names: readonly string[]): boolean;
}

export interface WheelOptions {
  readonly requires?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly tag?: string;
}

export async function startPackageIndex(form: 'json' | 'html' = 'json'): Promise<PackageIndex> {
  const folder = mkdtempSync(path.join(tmpdir(), 'verklet-index-'));
  const server = createServer((request, response) => {
    const [, part, name = ''] = decodeURIComponent(request.url ?? '/').split('/');
    if (part === 'files') {
      response.end(readFileSync(path.join(folder, path.basename(name))));
      return;
    }
    const files = readdirSync(folder).filter((file) => projectOf(file) === name);
    if (files.length === 0) response.writeHead(404).end();
    else if (form === 'json') sendJson(response, name, files);
    else {
      response.setHeader('Content-Type', 'text/html');
      response.end(files.map((file) => `<a href="/files/${file}#sha256=${digest(file)}">${file}</a><br>`).join('\n'));
    }
  });
  const digest = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, file)))
      .digest('hex');
  const sendJson = (response: import('node:http').ServerResponse, name: string, files: readonly string[]): void => {
    response.setHeader('Content-Type', 'application/vnd.pypi.simple.v1+json');
    const listed = files.map((file) => ({ filename: file, url: `/files/${file}`, hashes: { sha256: digest(file) } }));
    response.end(JSON.stringify({ meta: { 'api-version': '1.0' }, name, files: listed }));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    addWheel(name, version, files, { requires = [], scripts = {}, tag = 'py3-none-any' } = {}) {
      const info = `${name}-${version}.dist-info`;
      const entries: Record<string, string> = { ...files };
      entries[`${info}/METADATA`] = [
        'Metadata-Version: 2.1',
        `Name: ${name}`,
        `Version: ${version}`,
        ...requires.map((requirement) => `Requires-Dist: ${requirement}`),
        '',
      ].join('\n');
      entries[`${info}/WHEEL`] = `Wheel-Version: 1.0\nGenerator: verklet\nRoot-Is-Purelib: true\nTag: ${tag}\n`;
      const points = Object.entries(scripts).map(([script, target]) => `${script} = ${target}\n`);
      if (points.length > 0) entries[`${info}/entry_points.txt`] = `[console_scripts]\n${points.join('')}`;
      const sums = Object.entries(entries).map(([file, text]) => `${file},sha256=${sum(text)},${Buffer.byteLength(text)}\n`);
      entries[`${info}/RECORD`] = `${sums.join('')}${info}/RECORD,,\n`;
      const zip = zipSync(Object.fromEntries(Object.entries(entries).map(([file, text]) => [file, new TextEncoder().encode(text)])));
      writeFileSync(path.join(folder, `${name}-${version}-${tag}.whl`), zip);
    },
    addFile: (name, content) => writeFileSync(path.join(folder, name), content),
    addInstalled(names) {
      try {
        execFileSync('python3', [path.join(import.meta.dirname, 'wheels.py'), folder, ...names], { stdio: ['ignore', 'pipe', 'pipe'] });
        return true;
      } catch {
        return false; // a machine without Python, or without these distributions: the caller says what is left out
      }
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sum(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function projectOf(file: string): string {
  return (file.split('-')[0] ?? '').toLowerCase().replace(/[-_.]+/g, '-');
}
