// The bare HTTP template: Node's own server, no packages.
import type { Template } from './template.ts';

const server = `const http = require('node:http');

let visits = 0;

const server = http.createServer((request, response) => {
  visits += 1;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(\`<!doctype html>
<title>node:http</title>
<style>body { font: 18px/1.6 system-ui; margin: 3rem; color-scheme: light dark; }</style>
<h1>\${request.method} \${request.url}</h1>
<p>Request number \${visits} to process \${process.pid}.</p>\`);
});

server.listen(8080, () => console.log('Listening on http://localhost:8080'));
`;

export const http: Template = {
  id: 'http',
  title: 'HTTP server',
  summary: 'Node’s own http module, nothing to install.',
  files: {
    'package.json': '{\n  "name": "http-server",\n  "private": true,\n  "scripts": {\n    "start": "node server.js"\n  }\n}\n',
    'server.js': server,
  },
  open: 'server.js',
  steps: ['node server.js'],
};
