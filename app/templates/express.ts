// The Express template: one JSON route and a folder of static files.
import lockfile from './express-lock.json?raw';
import type { Template } from './template.ts';

const manifest = `{
  "name": "express-app",
  "version": "1.0.0",
  "private": true,
  "type": "commonjs",
  "scripts": {
    "start": "node server.js"
  },
  "dependencies": {
    "express": "5.1.0"
  }
}
`;

const server = `const express = require('express');

const app = express();
const port = process.env.PORT ?? 3000;

app.use(express.static('public'));

app.get('/api/time', (request, response) => {
  response.json({ now: new Date().toISOString(), node: process.version });
});

app.listen(port, () => console.log(\`Listening on http://localhost:\${port}\`));
`;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Hello from Express</title>
    <link rel="stylesheet" href="style.css" />
  </head>
  <body>
    <main>
      <h1>Hello from Express</h1>
      <p>This page comes from a server inside your browser tab.</p>
      <button id="ask">Ask the server for the time</button>
      <output id="answer"></output>
    </main>
    <script src="page.js"></script>
  </body>
</html>
`;

const style = `:root {
  color-scheme: light dark;
  font: 17px/1.6 system-ui, sans-serif;
}

body {
  display: grid;
  min-height: 100vh;
  margin: 0;
  place-items: center;
}

main {
  max-width: 32rem;
  padding: 2rem;
}

button {
  padding: 0.6rem 1rem;
  border: 1px solid;
  border-radius: 0.5rem;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}

output {
  display: block;
  margin-top: 1rem;
  font-family: ui-monospace, monospace;
}
`;

const script = `const answer = document.querySelector('#answer');

document.querySelector('#ask').addEventListener('click', async () => {
  const response = await fetch('/api/time');
  const { now, node } = await response.json();
  answer.textContent = \`\${now} (Node \${node})\`;
});
`;

export const express: Template = {
  id: 'express',
  title: 'Express',
  summary: 'A web server with a JSON route and static files.',
  files: {
    'package.json': manifest,
    'package-lock.json': lockfile,
    'server.js': server,
    public: { 'index.html': page, 'style.css': style, 'page.js': script },
  },
  open: 'server.js',
  steps: ['npm ci', 'node server.js'],
};
