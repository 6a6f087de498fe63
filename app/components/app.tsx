// The whole window: start page or workbench, with notices and the command palette above.
import { session } from '../state/session.ts';
import { Notices } from './notices.tsx';
import { Palette } from './palette.tsx';
import { StartPage } from './start-page.tsx';
import { Workbench } from './workbench.tsx';

export function App() {
  const current = session.value;
  return (
    <>
      {current.state === 'open' ? <Workbench workspace={current.workspace} /> : <StartPage session={current} />}
      <Palette />
      <Notices />
    </>
  );
}
