// The static template: pages without a build, and a small file server that needs no packages.
import type { Template } from './template.ts';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Static site</title>
    <link rel="stylesheet" href="style.css" />
  </head>
  <body>
    <main>
      <h1>A static site</h1>
      <p>Edit the files and reload the preview.</p>
      <button type="button">Clicked <output>0</output> times</button>
    </main>
    <script type="module" src="script.js"></script>
  </body>
</html>
`;

const style = `:root {
  color-scheme: light dark;
  font: 18px/1.6 system-ui, sans-serif;
}

body {
  display: grid;
  place-items: center;
  min-height: 100vh;
  margin: 0;
}

button {
  font: inherit;
  padding: 0.5em 1em;
}
`;

const script = `const output = document.querySelector('output');

document.querySelector('button').addEventListener('click', () => {
  output.value = Number(output.value) + 1;
});
`;

const serve = `// Serves the folder "site": nothing to install.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const root = path.join(import.meta.dirname, 'site');
const types = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

async function find(url) {
  const { pathname } = new URL(url, 'http://localhost');
  const file = path.join(root, decodeURIComponent(pathname));
  if (file !== root && !file.startsWith(root + path.sep)) throw new Error('outside of the site');
  const info = await stat(file);
  return info.isDirectory() ? path.join(file, 'index.html') : file;
}

createServer(async (request, response) => {
  try {
    const file = await find(request.url);
    const { size } = await stat(file);
    const type = types[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': size, 'Cache-Control': 'no-cache' });
    createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end(\`Not found: \${request.url}\`);
  }
}).listen(8000, () => console.log('Listening on http://localhost:8000'));
`;

export const staticSite: Template = {
  id: 'static-site',
  title: 'Static site',
  summary: 'HTML, CSS and JavaScript, without a build.',
  files: {
    'serve.mjs': serve,
    site: { 'index.html': page, 'style.css': style, 'script.js': script },
  },
  open: 'site/index.html',
  steps: ['node serve.mjs'],
};
