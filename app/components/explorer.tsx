// The file tree: one tab stop, arrow keys move, Enter opens, F2 renames, Delete removes.
import { ChevronDown, ChevronRight, File, FilePlus, Folder, FolderPlus } from 'lucide';
import { useRef, useState } from 'preact/hooks';
import { shownPane } from '../state/commands.ts';
import type { TreeRow } from '../state/file-tree.ts';
import { reporting } from '../state/notices.ts';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';

type Naming = { readonly kind: 'file' | 'folder'; readonly folder: string } | { readonly kind: 'rename'; readonly path: string };

export function Explorer({ workspace }: { workspace: Workspace }) {
  const [naming, setNaming] = useState<Naming | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const rows = workspace.tree.rows.value;
  const focused = rows.some(({ path }) => path === workspace.tree.focused.value) ? workspace.tree.focused.value : (rows[0]?.path ?? '');
  const focus = (path: string): void => {
    workspace.tree.focused.value = path;
    list.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus();
  };
  const current = rows.find(({ path }) => path === focused);
  const folder = current === undefined ? '' : current.isFolder ? current.path : parentOf(current.path);
  return (
    <section class="explorer" aria-label="Explorer">
      <header class="pane-head">
        <h2>Files</h2>
        <button type="button" class="quiet square" aria-label="New file" onClick={() => setNaming({ kind: 'file', folder })}>
          <Icon of={FilePlus} size={15} />
        </button>
        <button type="button" class="quiet square" aria-label="New folder" onClick={() => setNaming({ kind: 'folder', folder })}>
          <Icon of={FolderPlus} size={15} />
        </button>
      </header>
      {naming !== null && <NameForm naming={naming} workspace={workspace} onDone={() => setNaming(null)} />}
      <ul
        ref={list}
        class="tree"
        role="tree"
        aria-label="Files of the workspace"
        onKeyDown={(event) => press(event, { workspace, rows, focused, focus, rename: (path) => setNaming({ kind: 'rename', path }) })}
      >
        {rows.map((row) => (
          <Row
            key={row.path}
            row={row}
            isFocused={row.path === focused}
            workspace={workspace}
            onFocus={() => void (workspace.tree.focused.value = row.path)}
          />
        ))}
      </ul>
      {rows.length === 0 && <p class="empty">No files yet.</p>}
    </section>
  );
}

function Row({ row, isFocused, workspace, onFocus }: { row: TreeRow; isFocused: boolean; workspace: Workspace; onFocus: () => void }) {
  const icon = row.isFolder ? (row.isOpen ? ChevronDown : ChevronRight) : File;
  return (
    <li
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={workspace.files.shownPath.value === row.path}
      {...(row.isFolder ? { 'aria-expanded': row.isOpen } : {})}
      tabIndex={isFocused ? 0 : -1}
      data-path={row.path}
      style={{ paddingInlineStart: `${10 + row.depth * 14}px` }}
      onFocus={onFocus}
      onClick={() => open(workspace, row)}
    >
      <Icon of={icon} size={14} />
      {row.isFolder && <Icon of={Folder} size={14} />}
      <span>{row.name}</span>
    </li>
  );
}

function open(workspace: Workspace, row: TreeRow): void {
  if (row.isFolder) void workspace.tree.toggle(row.path);
  else {
    shownPane.value = 'editor';
    void reporting(() => workspace.files.open(row.path));
  }
}

interface TreeKeys {
  readonly workspace: Workspace;
  readonly rows: readonly TreeRow[];
  readonly focused: string;
  focus(path: string): void;
  rename(path: string): void;
}

function press(event: KeyboardEvent, { workspace, rows, focused, focus, rename }: TreeKeys): void {
  const index = rows.findIndex(({ path }) => path === focused);
  const row = rows[index];
  if (row === undefined) return;
  const move = (to: number): void => focus(rows[Math.max(0, Math.min(rows.length - 1, to))]?.path ?? focused);
  const actions: Record<string, () => void> = {
    ArrowDown: () => move(index + 1),
    ArrowUp: () => move(index - 1),
    Home: () => move(0),
    End: () => move(rows.length - 1),
    ArrowRight: () => (row.isFolder && !row.isOpen ? void workspace.tree.toggle(row.path) : move(index + 1)),
    ArrowLeft: () => (row.isFolder && row.isOpen ? void workspace.tree.toggle(row.path) : focus(parentOf(row.path) || row.path)),
    Enter: () => open(workspace, row),
    ' ': () => open(workspace, row),
    F2: () => rename(row.path),
    Delete: () => remove(workspace, row),
  };
  const action = actions[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

function remove(workspace: Workspace, row: TreeRow): void {
  if (!confirm(`Delete ${row.path}${row.isFolder ? ' and everything in it' : ''}?`)) return;
  void reporting(async () => {
    await workspace.runtime.fs.rm(row.path, { recursive: row.isFolder });
    workspace.files.removed(row.path);
  });
}

function NameForm({ naming, workspace, onDone }: { naming: Naming; workspace: Workspace; onDone: () => void }) {
  const label = naming.kind === 'rename' ? 'New name' : naming.kind === 'file' ? 'Name of the file' : 'Name of the folder';
  const initial = naming.kind === 'rename' ? naming.path.slice(naming.path.lastIndexOf('/') + 1) : '';
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get('name')).trim();
    if (name !== '') void reporting(() => apply(naming, name, workspace));
    onDone();
  };
  return (
    <form class="name-form" onSubmit={submit}>
      <input
        name="name"
        aria-label={label}
        placeholder={label}
        defaultValue={initial}
        autocomplete="off"
        spellcheck={false}
        ref={(input) => input?.focus()}
        onKeyDown={(event) => event.key === 'Escape' && onDone()}
        onBlur={onDone}
      />
    </form>
  );
}

async function apply(naming: Naming, name: string, workspace: Workspace): Promise<void> {
  const { fs } = workspace.runtime;
  if (naming.kind === 'rename') {
    const target = join(parentOf(naming.path), name);
    await fs.rename(naming.path, target);
    workspace.files.moved(naming.path, target);
    return;
  }
  const path = join(naming.folder, name);
  if (naming.kind === 'folder') return fs.mkdir(path, { recursive: true });
  await fs.writeFile(path, '', { flag: 'wx' });
  await workspace.files.open(path);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
