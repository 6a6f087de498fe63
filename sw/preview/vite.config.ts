// Builds the preview service worker: one classic script with a fixed name, no exports.
import path from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  publicDir: false,
  build: {
    outDir: path.join(here, '../../dist/preview/__verklet'),
    emptyOutDir: false,
    target: 'es2024',
    lib: { entry: path.join(here, 'preview.sw.ts'), formats: ['iife'], name: 'verkletPreview', fileName: () => 'sw.js' },
  },
});
