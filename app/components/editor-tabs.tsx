// The open files as tabs; a dot marks what is not saved.
import { X } from 'lucide';
import { isUnsaved, type OpenFiles } from '../state/open-files.ts';
import { Icon } from './icon.tsx';

export function EditorTabs({ files }: { files: OpenFiles }) {
  return (
    <div class="tabs" role="group" aria-label="Open files">
      {files.list.value.map((file) => {
        const isShown = files.shownPath.value === file.path;
        return (
          <div key={file.path} class={`tab ${isShown ? 'shown' : ''}`}>
            <button type="button" aria-pressed={isShown} title={file.path} onClick={() => void (files.shownPath.value = file.path)}>
              {file.path.slice(file.path.lastIndexOf('/') + 1)}
              {isUnsaved(file) && <span class="unsaved" role="img" aria-label="not saved" />}
            </button>
            <button type="button" class="quiet square small" aria-label={`Close ${file.path}`} onClick={() => close(files, file.path)}>
              <Icon of={X} size={12} />
            </button>
          </div>
        );
      })}
    </div>
  );
}

function close(files: OpenFiles, path: string): void {
  const file = files.list.value.find((one) => one.path === path);
  if (file !== undefined && isUnsaved(file) && !confirm(`Close ${path} without saving?`)) return;
  files.close(path);
}
