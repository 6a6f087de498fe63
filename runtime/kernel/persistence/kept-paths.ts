// Which parts of the file system are kept, and which of those are packages. Pure.

/** Saved and restored; everything else is made anew at each boot. */
export const KEPT_ROOTS = ['/workdir', '/home'] as const;

/** Caches that their programs fill again. */
const REBUILT = /\/node_modules\/\.(?:cache|vite|vite-temp)$|\/__pycache__$|^\/home\/[^/]+\/\.(?:npm|cache)$/;

const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/@.][^/]*)(?:\/|$)/;

export function isKept(path: string): boolean {
  return KEPT_ROOTS.some((root) => path === root || path.startsWith(`${root}/`));
}

/** Whether the folder is left out of saves with all its content. */
export function isRebuilt(path: string): boolean {
  return REBUILT.test(path);
}

/** Whether the path is in a folder that is left out. */
export function isInRebuilt(path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) if (isRebuilt(path.slice(0, end))) return true;
  return false;
}

/** Whether the path is a folder of packages, or in one. */
export function isInModules(path: string): boolean {
  return path.includes('/node_modules/') || path.endsWith('/node_modules');
}

/** The innermost package folder that contains the path, or is it; null outside of `node_modules`. */
export function packageRootOf(path: string): string | null {
  // Greedy: of nested packages, the innermost.
  return PACKAGE.exec(path)?.[1] ?? null;
}

/** The outermost `node_modules` of a path: its hidden lockfile lists every package below, nested ones, too. */
export function modulesFolderOf(path: string): string | null {
  const at = path.indexOf('/node_modules/');
  return at < 0 ? null : path.slice(0, at + '/node_modules'.length);
}
