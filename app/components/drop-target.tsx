// Files and folders dropped on the window come into the open workspace, or make a new one.
import { useEffect, useState } from 'preact/hooks';
import { droppedFiles, importedText, importFiles, importProgress } from '../state/import.ts';
import { notify, reporting } from '../state/notices.ts';
import { currentWorkspace, openImport } from '../state/session.ts';
import { sizeText } from '../state/workspace-list.ts';

export function DropTarget() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    addEventListener('dragover', (event) => hasFiles(event) && (event.preventDefault(), setOver(true)), { signal });
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), { signal });
    addEventListener(
      'drop',
      (event) => {
        if (!hasFiles(event) || event.dataTransfer === null) return;
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer);
      },
      { signal },
    );
    return () => listening.abort();
  }, []);
  const progress = importProgress.value;
  return (
    <>
      {isOver && (
        <div class="drop-hint" aria-hidden="true">
          <p>Drop files, folders or a zip archive</p>
        </div>
      )}
      {progress !== null && (
        <div class="import-progress" role="status">
          <progress aria-label="Import" max={Math.max(1, progress.totalBytes)} value={progress.sizeBytes} />
          <p>
            {progress.files} files, {sizeText(progress.sizeBytes)} of {sizeText(progress.totalBytes)}
          </p>
          <button type="button" class="quiet strong" onClick={() => progress.cancel()}>
            Cancel
          </button>
        </div>
      )}
    </>
  );
}

function take(transfer: DataTransfer): Promise<void> {
  const reading = droppedFiles(transfer);
  return reporting(async () => {
    const incoming = await reading;
    const workspace = currentWorkspace();
    if (workspace === null) await openImport(incoming);
    else notify(importedText(await importFiles(workspace.runtime.fs, incoming)));
  });
}
