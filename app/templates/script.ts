// The plain Node template: one script that reads and writes.
import type { Template } from './template.ts';

const main = `import { readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';

const text = await readFile(new URL(import.meta.url), 'utf8');
const digest = createHash('sha256').update(text).digest('hex');

await writeFile('digest.txt', \`\${digest}\\n\`);
console.log(\`This file has \${text.split('\\n').length} lines and the SHA-256 \${digest.slice(0, 16)}…\`);
console.log(\`Node \${process.version} on \${process.platform}, process \${process.pid}\`);
`;

export const script: Template = {
  id: 'script',
  title: 'Node script',
  summary: 'One ES module with top-level await.',
  files: {
    'package.json':
      '{\n  "name": "script",\n  "private": true,\n  "type": "module",\n  "scripts": {\n    "start": "node main.js"\n  }\n}\n',
    'main.js': main,
  },
  open: 'main.js',
  servesNothing: true,
  steps: ['node main.js'],
};
