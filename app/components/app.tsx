// The whole window: start page or workbench, with notices and the command palette above.
import { session } from '../state/session.ts';
import { DropTarget } from './drop-target.tsx';
import { FolderConflicts } from './folder-conflicts.tsx';
import { Notices } from './notices.tsx';
import { Palette } from './palette.tsx';
import { StartPage } from './start-page.tsx';
import { StorageDialog } from './storage-dialog.tsx';
import { Workbench } from './workbench.tsx';

export function App() {
  const current = session.value;
  return (
    <>
      {current.state === 'open' ? <Workbench workspace={current.workspace} /> : <StartPage session={current} />}
      <Palette />
      <StorageDialog />
      <DropTarget />
      <FolderConflicts />
      <Notices />
    </>
  );
}
