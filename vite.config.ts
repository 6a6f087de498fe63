// Builds and serves the app: index.html, its chunks, the manifest and the app-shell service worker.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vite';
import { VitePWA, type ManifestOptions } from 'vite-plugin-pwa';
import { offlineFilesPlugin } from './scripts/offline-files.ts';

const here = import.meta.dirname;
const manifest = JSON.parse(readFileSync(path.join(here, 'manifest.webmanifest'), 'utf8')) as Partial<ManifestOptions>;

export default defineConfig({
  root: here,
  publicDir: path.join(here, 'app/public'),
  build: {
    outDir: path.join(here, 'dist/app'),
    emptyOutDir: false,
    target: 'es2024',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1024,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  plugins: [
    // Of the preview host: how large Python's pack is.
    offlineFilesPlugin('python'),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'sw/app',
      filename: 'app.sw.ts',
      injectRegister: false,
      manifest,
      manifestFilename: 'manifest.webmanifest',
      injectManifest: {
        rollupFormat: 'iife',
        globPatterns: ['**/*.{js,css,html,svg,png,woff2,webmanifest}'],
        maximumFileSizeToCacheInBytes: 2_400_000,
      },
    }),
  ],
});
