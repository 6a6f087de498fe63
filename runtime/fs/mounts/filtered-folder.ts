// A directory handle that hides some names at any depth: ZenFS reads the whole tree when it mounts one, and installed packages
// are many and made anew. Page side.

/** Made by tools and large, or the business of another program. */
export const HIDDEN: ReadonlySet<string> = new Set(['node_modules', '.git', '.DS_Store']);

export function withoutHidden(folder: FileSystemDirectoryHandle): FileSystemDirectoryHandle {
  return new Proxy(folder, {
    get(target, name) {
      if (name === 'entries' || name === Symbol.asyncIterator) return () => visibleEntries(target);
      if (name === 'keys') return () => visibleNames(target);
      if (name === 'getDirectoryHandle')
        return async (child: string, options?: FileSystemGetDirectoryOptions) =>
          withoutHidden(await target.getDirectoryHandle(child, options));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function* visibleEntries(folder: FileSystemDirectoryHandle): AsyncGenerator<[string, FileSystemHandle]> {
  for await (const [name, child] of folder.entries())
    if (!HIDDEN.has(name)) yield [name, child.kind === 'directory' ? withoutHidden(child as FileSystemDirectoryHandle) : child];
}

async function* visibleNames(folder: FileSystemDirectoryHandle): AsyncGenerator<string> {
  for await (const name of folder.keys()) if (!HIDDEN.has(name)) yield name;
}
