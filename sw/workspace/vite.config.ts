// Builds the workspace origin's service worker: one classic script with a fixed name. After the preview host, whose files
// it lists.
import path from 'node:path';
import { defineConfig } from 'vite';
import { offlineFilesPlugin } from '../../scripts/offline-files.ts';

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  publicDir: false,
  plugins: [offlineFilesPlugin('workspace')],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: path.join(here, '../../dist/preview/__verklet'),
    emptyOutDir: false,
    target: 'es2024',
    lib: { entry: path.join(here, 'workspace.sw.ts'), formats: ['iife'], name: 'verkletWorkspace', fileName: () => 'workspace-sw.js' },
  },
});
