// `npm run export -- --app https://code.example.com --previews preview.example.net`: the app and the preview hosts as plain
// files for any host that serves files, with a complete nginx configuration and the header rules as data. No sessions, no
// registry proxy: packages come from the public registry.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  appHeaders,
  assetHeaders,
  bridgeHeaders,
  frameHeaders,
  outputHeaders,
  previewHeaders,
  serviceWorkerHeaders,
  type HeaderSet,
} from '#headers';

/** The first rule whose pattern fits the path holds; `file` answers instead of the path's own. */
interface Rule {
  readonly pattern: string;
  readonly headers: HeaderSet;
  readonly file?: string;
}

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    previews: { type: 'string' },
    registry: { type: 'string', default: 'https://registry.npmjs.org/' },
    out: { type: 'string', default: 'export' },
  },
});
const { app = '', previews = '', registry, out } = values;
if (!URL.canParse(app) || new URL(app).origin !== app || previews === '') {
  console.error('Usage: npm run export -- --app https://code.example.com --previews preview.example.net [--registry URL] [--out FOLDER]');
  process.exit(1);
}
const root = path.dirname(import.meta.dirname);
const target = path.resolve(out);
const { protocol, host } = new URL(app);
const own = `${protocol}//*.${previews}`;

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [from, to] of [
  ['dist/app', 'app'],
  ['dist/preview', 'previews'],
] as const) {
  cpSync(path.join(root, from), path.join(target, to), { recursive: true });
}
fill('app/index.html', { 'verklet-preview-host': previews, 'verklet-registry': registry });
rmSync(path.join(target, 'app/index.html.br'), { force: true });
for (const page of ['frame.html', 'output.html']) fill(`previews/__verklet/${page}`, { 'verklet-parents': app });
fill('previews/__verklet/boot.html', { 'verklet-app': app });

const lasting: HeaderSet = { 'Cache-Control': 'public, max-age=31536000, immutable' };
const fresh: HeaderSet = { 'Cache-Control': 'no-cache' };
const page = appHeaders([own]);
const worker: HeaderSet = { ...assetHeaders, 'Document-Isolation-Policy': 'isolate-and-require-corp' };
const rules: Record<'app' | 'previews', Rule[]> = {
  app: [
    { pattern: '^/assets/', headers: { ...page, ...lasting } },
    { pattern: '^/(?:w/|preview/|settings|index\\.html|$)', headers: { ...page, ...fresh }, file: '/index.html' },
    { pattern: '', headers: { ...page, ...fresh } },
  ],
  previews: [
    { pattern: '^/__verklet/frame\\.html$', headers: { ...frameHeaders([app]), ...fresh } },
    { pattern: '^/__verklet/output\\.html$', headers: { ...outputHeaders([app]), ...fresh } },
    { pattern: '^/__verklet/bridge\\.html$', headers: { ...bridgeHeaders([own, app]), ...fresh } },
    { pattern: '^/__verklet/(?:sw|workspace-sw)\\.js$', headers: serviceWorkerHeaders },
    { pattern: '^/__verklet/assets/', headers: { ...worker, ...lasting } },
    { pattern: '^/__verklet/', headers: { ...worker, ...fresh } },
    // What the preview's service worker has not answered: the page that starts it.
    { pattern: '', headers: { ...previewHeaders, 'Cache-Control': 'no-store' }, file: '/__verklet/boot.html' },
  ],
};
writeFileSync(path.join(target, 'headers.json'), JSON.stringify({ hosts: { app: host, previews: `*.${previews}` }, rules }, null, 2));
writeFileSync(path.join(target, 'nginx.conf'), nginx());
console.log(`Exported to ${target}: app/ for ${host}, previews/ for *.${previews}; nginx.conf and headers.json say how to serve them.`);

function fill(file: string, metas: Readonly<Record<string, string>>): void {
  let text = readFileSync(path.join(target, file), 'utf8');
  for (const [name, content] of Object.entries(metas)) {
    const filled = text.replace(`name="${name}" content=""`, `name="${name}" content="${content}"`);
    if (filled === text) throw new Error(`${file} has no place for ${name}`);
    text = filled;
  }
  writeFileSync(path.join(target, file), text);
}

function nginx(): string {
  const server = (name: string, folder: keyof typeof rules): string => `server {
  listen 80;
  server_name ${name.replace(/:\d+$/, '')};
  root ${path.join(target, folder)};
${rules[folder].map(location).join('\n')}
}`;
  return `# Include this in nginx's http block; add TLS (a wildcard certificate for the previews) before you let anybody in.
${server(host, 'app')}
${server(`*.${previews}`, 'previews')}
`;
}

function location({ pattern, headers, file }: Rule): string {
  const lines = Object.entries(headers).map(([name, value]) => `    add_header ${name} "${value}" always;`);
  const answer = file === undefined ? '    try_files $uri =404;' : `    try_files ${pattern === '' ? file : '$uri'} ${file};`;
  return `  location ~ "${pattern}" {\n${answer}\n${lines.join('\n')}\n  }`;
}
