// What the store was told last: an inode and a stamp per path, so that only changes are read and sent. File service.
import type { Stat } from '../../fs/file-system.ts';

export interface KnownNode {
  readonly ino: number;
  /** Changes with every change of content or attributes: the change time cannot be set by programs. */
  stamp: string;
  /** Null for anything but a folder. */
  readonly children: Map<string, KnownNode> | null;
}

export class KnownTree {
  #root: Map<string, KnownNode> = new Map();

  get(path: string): KnownNode | undefined {
    let children: Map<string, KnownNode> | null = this.#root;
    let node: KnownNode | undefined;
    for (const name of path.slice(1).split('/')) {
      node = children?.get(name);
      if (node === undefined) return undefined;
      children = node.children;
    }
    return node;
  }

  set(path: string, node: KnownNode): void {
    const [parent, name] = this.#parentOf(path);
    parent?.set(name, node);
  }

  delete(path: string): boolean {
    const [parent, name] = this.#parentOf(path);
    return parent?.delete(name) ?? false;
  }

  clear(): void {
    this.#root = new Map();
  }

  #parentOf(path: string): readonly [Map<string, KnownNode> | null, string] {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    return slash === 0 ? [this.#root, name] : [this.get(path.slice(0, slash))?.children ?? null, name];
  }
}

export function stampOf({ mode, size, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec }: Stat): string {
  return `${mode} ${size} ${mtimeSec} ${mtimeNsec} ${ctimeSec} ${ctimeNsec}`;
}
