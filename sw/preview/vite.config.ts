// Builds the preview service worker: one classic script with a fixed name, no exports. The scripts it injects are built
// first, from preview-origin/injected, and become strings in it.
import path from 'node:path';
import { build, defineConfig, type Plugin } from 'vite';
import { offlineFilesPlugin } from '../../scripts/offline-files.ts';

const here = import.meta.dirname;
const injectedFolder = path.join(here, '../../preview-origin/injected');

export default defineConfig({
  root: here,
  publicDir: false,
  plugins: [injectedScripts(), offlineFilesPlugin('port')],
  build: {
    outDir: path.join(here, '../../dist/preview/__verklet'),
    emptyOutDir: false,
    target: 'es2024',
    lib: { entry: path.join(here, 'preview.sw.ts'), formats: ['iife'], name: 'verkletPreview', fileName: () => 'sw.js' },
  },
});

/** Provides `virtual:injected`. */
function injectedScripts(): Plugin {
  const id = '\0virtual:injected';
  return {
    name: 'verklet-injected-scripts',
    resolveId: (source) => (source === 'virtual:injected' ? id : null),
    async load(wanted) {
      if (wanted !== id) return null;
      const page = await buildScript('page.ts');
      const worker = await buildScript('worker.ts');
      return `export const pageScript = ${JSON.stringify(page)};\nexport const workerScript = ${JSON.stringify(worker)};\n`;
    },
  };
}

async function buildScript(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      lib: { entry: path.join(injectedFolder, entry), formats: ['iife'], name: 'verkletInjected' },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (!output || !('output' in output)) throw new Error(`${entry} was not built`);
  return output.output[0].code.trim();
}
