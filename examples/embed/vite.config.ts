// Builds the example host page: another origin that embeds a runtime.
import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: path.join(import.meta.dirname, '../../dist/embed'),
    emptyOutDir: false,
    target: 'es2024',
    rolldownOptions: { input: ['index', 'console'].map((page) => path.join(import.meta.dirname, `${page}.html`)) },
  },
});
