// The packages that must behave in the tab as they do in Node: exact versions, a program each, the command that runs it.
// The programs lie in programs/<name>/; what real Node prints is in recorded.json (`npm run packages -- --record`).
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface PackageCase {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  /** For `sh -c`, in a folder with the program's files and node_modules. */
  readonly command: string;
}

export interface Recording {
  readonly stdout: string;
  readonly code: number | null;
}

const script = (name: string, version: string, extension: 'cjs' | 'mjs', more: Readonly<Record<string, string>> = {}): PackageCase => ({
  name,
  dependencies: { [name]: version, ...more },
  command: `node main.${extension}`,
});

const tool = (name: string, version: string, command: string, more: Readonly<Record<string, string>> = {}): PackageCase => ({
  name,
  dependencies: { [name]: version, ...more },
  command,
});

export const packageCases: readonly PackageCase[] = [
  script('express', '5.3.0', 'cjs'),
  script('fastify', '5.12.8', 'mjs'),
  script('koa', '3.3.0', 'cjs'),
  script('hono', '4.13.19', 'mjs', { '@hono/node-server': '2.1.9' }),
  script('socket.io', '4.8.4', 'cjs', { 'socket.io-client': '4.8.4' }),
  script('ws', '8.23.0', 'cjs'),
  script('axios', '1.21.1', 'cjs'),
  script('undici', '7.30.2', 'cjs'),
  script('pino', '10.4.0', 'cjs'),
  script('winston', '3.19.0', 'cjs'),
  script('commander', '14.0.3', 'cjs'),
  script('yargs', '18.2.0', 'mjs'),
  script('chalk', '5.6.2', 'mjs'),
  script('lodash', '4.18.1', 'cjs'),
  script('rxjs', '7.8.2', 'cjs'),
  script('zod', '4.6.7', 'mjs'),
  script('dotenv', '18.0.10', 'cjs'),
  script('uuid', '14.0.3', 'mjs'),
  script('bcryptjs', '3.0.3', 'mjs'),
  script('jsonwebtoken', '9.0.3', 'cjs'),
  script('jose', '6.2.18', 'mjs'),
  script('handlebars', '4.7.10', 'cjs'),
  script('ejs', '7.0.2', 'cjs'),
  script('marked', '18.2.1', 'mjs'),
  script('cheerio', '1.2.0', 'mjs'),
  script('jsdom', '29.1.1', 'cjs'),
  {
    name: 'nestjs',
    dependencies: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/platform-express': '12.5.1',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
    },
    command: 'node main.cjs',
  },
  tool('eslint', '10.15.0', 'eslint bad.js'),
  tool('prettier', '3.10.1', 'prettier ugly.ts ugly.css ugly.md'),
  tool('mocha', '12.0.3', 'mocha math.test.js'),
  tool('jest', '30.5.2', 'jest --ci --runInBand --verbose 2>&1'),
  tool('vitest', '4.1.12', 'vitest run --reporter=verbose'),
  tool('tsx', '4.23.15', 'tsx main.ts one'),
  tool('typescript', '5.9.3', 'node check.cjs; tsc -p .; cat out/main.js out/main.d.ts'),
];

export const folder = import.meta.dirname;

export const recorded = JSON.parse(readFileSync(path.join(folder, 'recorded.json'), 'utf8')) as Readonly<Record<string, Recording>>;
