// The Vite and React template: a development server with hot replacement.
import lockfile from './vite-react-lock.json?raw';
import type { Template } from './template.ts';

const manifest = `{
  "name": "vite-react",
  "private": true,
  "version": "0.0.0",
  "type": "module",
  "scripts": {
    "dev": "vite",
    "build": "vite build",
    "preview": "vite preview"
  },
  "dependencies": {
    "react": "19.3.1",
    "react-dom": "19.3.1"
  },
  "devDependencies": {
    "@vitejs/plugin-react": "6.3.0",
    "vite": "8.3.8"
  }
}
`;

const config = `import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
});
`;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <title>Vite and React</title>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="/src/main.jsx"></script>
  </body>
</html>
`;

const main = `import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import App from './App.jsx';
import './index.css';

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
`;

const app = `import { useState } from 'react';

export default function App() {
  const [count, setCount] = useState(0);
  return (
    <main>
      <h1>Vite and React</h1>
      <p>Edit src/App.jsx: the page changes and the count stays.</p>
      <button onClick={() => setCount(count + 1)}>count is {count}</button>
    </main>
  );
}
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

button {
  padding: 0.6rem 1rem;
  border: 1px solid;
  border-radius: 0.5rem;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
`;

export const viteReact: Template = {
  id: 'vite-react',
  title: 'Vite and React',
  summary: 'A development server that replaces modules as you edit.',
  files: {
    'package.json': manifest,
    'package-lock.json': lockfile,
    'vite.config.js': config,
    'index.html': page,
    src: { 'main.jsx': main, 'App.jsx': app, 'index.css': style },
  },
  open: 'src/App.jsx',
  steps: ['npm ci', 'npm run dev'],
};
