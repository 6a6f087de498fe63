// What three trees say about each path: the last common one, the tab's and the server's. Pure.

/** Mode and content; two paths with equal ones need nothing done. */
export interface PathState {
  readonly mode: number;
  readonly key: string;
  readonly mtimeMs: number;
}

export type FlatTree = ReadonlyMap<string, PathState>;

export type MergeStep =
  /** The tab takes the server's state (null: the path goes away). */
  | { readonly kind: 'take'; readonly path: string; readonly state: PathState | null }
  /** Both changed it: the tab's stays, the server's is kept beside it. */
  | { readonly kind: 'conflict'; readonly path: string; readonly state: PathState | null; readonly keptAs: string | null };

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

/** Steps that bring the server's changes into the tab, parents before children. */
export function merge(base: FlatTree, tab: FlatTree, server: FlatTree): MergeStep[] {
  const steps: MergeStep[] = [];
  /** Folders of the server where the tab has a file: all that is in them goes beside it. */
  const moved = new Map<string, string>();
  const paths = [...new Set([...base.keys(), ...server.keys()])].sort();
  for (const path of paths) {
    const [was, here, there] = [base.get(path), tab.get(path), server.get(path)];
    const aside = movedPath(path, moved);
    if (aside !== null) {
      if (there !== undefined) steps.push({ kind: 'take', path: aside, state: there });
      continue;
    }
    if (isSame(was, there) || isSame(here, there)) continue;
    if (isSame(was, here)) {
      // A folder that the tab filled meanwhile stays.
      const isFilled = there === undefined && here !== undefined && isFolder(here) && hasOwn(path, base, tab);
      if (!isFilled) steps.push({ kind: 'take', path, state: there ?? null });
    } else if (here === undefined || (there !== undefined && isFolder(here) && isFolder(there))) {
      steps.push({ kind: 'take', path, state: there ?? null });
    } else {
      const keptAs = there === undefined ? null : nameOfCopy(path, tab, server);
      if (there !== undefined && keptAs !== null && isFolder(there)) moved.set(path, keptAs);
      steps.push({ kind: 'conflict', path, state: there ?? null, keptAs });
    }
  }
  return steps;
}

function movedPath(path: string, moved: ReadonlyMap<string, string>): string | null {
  for (const [from, to] of moved) if (path.startsWith(`${from}/`)) return to + path.slice(from.length);
  return null;
}

export function isSame(a: PathState | undefined, b: PathState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.mode === b.mode && (isFolder(a) || a.key === b.key);
}

export function isFolder({ mode }: PathState): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

/** Whether the tab has something below the folder that the common state did not have. */
function hasOwn(folder: string, base: FlatTree, tab: FlatTree): boolean {
  for (const [path, state] of tab) if (path.startsWith(`${folder}/`) && !isSame(state, base.get(path))) return true;
  return false;
}

/** `notes.txt` -> `notes.server.txt`, with a number when that is taken. */
function nameOfCopy(path: string, ...trees: readonly FlatTree[]): string {
  const slash = path.lastIndexOf('/') + 1;
  const dot = path.indexOf('.', slash + 1);
  const [stem, extension] = dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot)];
  for (let number = 1; ; number++) {
    const name = `${stem}.server${number === 1 ? '' : number}${extension}`;
    if (trees.every((tree) => !tree.has(name))) return name;
  }
}
