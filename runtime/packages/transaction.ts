// An installation happens wholly or not at all, however it ends. The new tree is made beside the old one and swapped in, or the old
// one is kept aside as links; a journal named after the worker's slot lets the file service undo what a killed worker left.
// Any worker.
import { TextDecoder, TextEncoder } from '../process/intrinsics.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { succeed } from './place.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
/** Written along with the tree: restored with it. */
const MANIFESTS = ['package.json', 'package-lock.json'];
const decoder = new TextDecoder();
const encoder = new TextEncoder();

interface Journal {
  readonly project: string;
  /** Whether there was a tree, now aside. Without one, undoing means removing. */
  readonly hadTree: boolean;
}

const asideOf = (slot: number): string => `/tmp/.npm-${slot}`;

export class InstallTransaction {
  readonly #fs: FileSystem;
  readonly #aside: string;
  readonly #slot: number;

  private constructor(fs: FileSystem, slot: number) {
    this.#fs = fs;
    this.#slot = slot;
    this.#aside = asideOf(slot);
  }

  /** Keeps the project's tree and manifests aside: what follows may write in place. */
  static begin(fs: FileSystem, slot: number, project: string): InstallTransaction {
    const transaction = new InstallTransaction(fs, slot);
    const aside = asideOf(slot);
    fs.removeAll(aside);
    succeed(fs.mkdirAll(aside, FOLDER_MODE), aside);
    const hadTree = fs.access(`${project}/node_modules`, 0) === 0;
    if (hadTree) linkTree(fs, `${project}/node_modules`, `${aside}/node_modules`);
    for (const name of MANIFESTS) {
      const bytes = fs.readFile(`${project}/${name}`);
      if (typeof bytes !== 'number') succeed(fs.writeFile(`${aside}/${name}`, bytes, FILE_MODE), name);
    }
    const journal: Journal = { project, hadTree };
    // Last: what is undone by it must be complete.
    succeed(fs.writeFile(`${aside}/journal`, encoder.encode(JSON.stringify(journal)), FILE_MODE), 'journal');
    return transaction;
  }

  commit(): void {
    this.#fs.unlink(`${this.#aside}/journal`);
    this.#fs.removeAll(this.#aside);
  }

  rollBack(): void {
    recoverInstall(this.#fs, this.#slot);
  }
}

/** Undoes the installation that the worker of that slot did not finish. Returns whether there was one. */
export function recoverInstall(fs: FileSystem, slot: number): boolean {
  const aside = asideOf(slot);
  const bytes = fs.readFile(`${aside}/journal`);
  if (typeof bytes !== 'number') {
    const { project, hadTree } = JSON.parse(decoder.decode(bytes)) as Journal;
    fs.removeAll(`${project}/node_modules`);
    if (hadTree) fs.rename(`${aside}/node_modules`, `${project}/node_modules`);
    for (const name of MANIFESTS) {
      const kept = fs.readFile(`${aside}/${name}`);
      if (typeof kept === 'number') fs.unlink(`${project}/${name}`);
      else fs.writeFile(`${project}/${name}`, kept, FILE_MODE);
    }
    fs.unlink(`${aside}/journal`);
  }
  if (fs.access(aside, 0) === 0) fs.removeAll(aside);
  return typeof bytes !== 'number';
}

/** The folder in which a worker makes a new tree; removed by {@link recoverInstall}, too. */
export function stagingFolder(fs: FileSystem, slot: number): string {
  const staging = asideOf(slot);
  fs.removeAll(staging);
  succeed(fs.mkdirAll(staging, FOLDER_MODE), staging);
  return staging;
}

/** Puts `staging/node_modules` in place of the project's; a project without packages gets none. */
export function swapIn(fs: FileSystem, staging: string, project: string): void {
  const modules = `${project}/node_modules`;
  if (fs.access(modules, 0) === 0) succeed(fs.rename(modules, `${staging}/before`), modules);
  if (fs.access(`${staging}/node_modules`, 0) === 0) succeed(fs.rename(`${staging}/node_modules`, modules), modules);
  fs.removeAll(staging);
}

/** A second tree of the same files: links, as they cost no bytes. */
function linkTree(fs: FileSystem, from: string, to: string): void {
  succeed(fs.mkdirAll(to, FOLDER_MODE), to);
  const entries = fs.readdir(from);
  if (typeof entries === 'number') return;
  for (const { name, type } of entries) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    if ((type & S_IFMT) === S_IFDIR) linkTree(fs, source, target);
    else succeed(fs.link(source, target), target);
  }
}
