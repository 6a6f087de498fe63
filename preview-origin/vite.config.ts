// Builds the pages of the preview host and, through the runtime frame, the kernel and every process worker.
import path from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  base: '/__verklet/',
  publicDir: false,
  build: {
    outDir: path.join(here, '../dist/preview/__verklet'),
    emptyOutDir: false,
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: ['frame', 'output', 'bridge', 'boot'].map((page) => path.join(here, `${page}.html`)),
    },
  },
  worker: { format: 'es' },
});
