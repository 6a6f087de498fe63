// The project a command of npm is about, and its manifest. Runs in the tools worker.
import type { PackageManifest } from '../../packages/lockfile.ts';
import type { ToolContext } from '../tool.ts';

const decoder = new TextDecoder();

/** The nearest folder upwards that has a package.json or node_modules, as npm looks for it; else the current one. */
export function projectOf({ fs, cwd }: Pick<ToolContext, 'fs' | 'cwd'>): string {
  for (let folder = cwd; folder !== ''; folder = folder.slice(0, folder.lastIndexOf('/'))) {
    if (fs.access(`${folder}/package.json`, 0) === 0 || fs.access(`${folder}/node_modules`, 0) === 0) return folder;
  }
  return cwd;
}

/** `undefined` where there is none, or it is not a JSON object: npm itself says what is wrong with it. */
export function manifestOf({ fs }: Pick<ToolContext, 'fs'>, project: string): PackageManifest | undefined {
  const bytes = fs.readFile(`${project}/package.json`);
  if (typeof bytes === 'number') return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
