// Files that changed both here and in the connected folder: the user says which of the two stays.
import { reporting } from '../state/notices.ts';
import { folderConflicts, resolveConflict } from '../state/local-folder.ts';

export function FolderConflicts() {
  const paths = folderConflicts.value;
  if (paths.length === 0) return null;
  return (
    <section class="conflicts" role="alert" aria-labelledby="conflicts-title">
      <h2 id="conflicts-title">Changed here and in the folder</h2>
      <ul>
        {paths.map((path) => (
          <li key={path}>
            <code>{path}</code>
            <button type="button" class="quiet strong" onClick={() => void reporting(() => resolveConflict(path, 'workspace'))}>
              Keep ours
            </button>
            <button type="button" class="quiet strong" onClick={() => void reporting(() => resolveConflict(path, 'folder'))}>
              Keep the folder’s
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
