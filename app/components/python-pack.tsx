// On the storage page: Python for use without a network, fetched and taken away on the user's wish.
import { useEffect } from 'preact/hooks';
import {
  keepPythonPack,
  packFailure,
  packProgress,
  packSizeBytes,
  pythonPack,
  refreshPythonPack,
  removePythonPack,
  stopPythonPack,
} from '../state/python-pack.ts';
import { sizeText } from '../state/workspace-list.ts';

export function PythonPackSection() {
  useEffect(() => void refreshPythonPack(), []);
  return (
    <section class="pack" aria-labelledby="pack-title">
      <h3 id="pack-title">Python, available offline</h3>
      {packProgress.value === null ? <Kept /> : <Progress />}
      <p class="warn" role="alert">
        {packFailure.value}
      </p>
    </section>
  );
}

function Progress() {
  const { keptBytes, totalBytes } = packProgress.value ?? { keptBytes: 0, totalBytes: 0 };
  return (
    <p>
      <progress aria-label="Python, kept so far" value={keptBytes} max={totalBytes || 1} />
      <span>
        {sizeText(keptBytes)} of {sizeText(totalBytes)}
      </span>
      <button type="button" class="quiet strong" onClick={stopPythonPack}>
        Cancel
      </button>
    </p>
  );
}

function Kept() {
  const pack = pythonPack.value;
  switch (pack?.state) {
    case undefined:
      return <p>Looking …</p>;
    case 'absent':
      return (
        <p>
          Python needs the network to start after this browser was closed. {sizeText(packSizeBytes)} of room make it independent, for all
          workspaces.{' '}
          <button type="button" class="quiet strong" onClick={() => void keepPythonPack()}>
            Keep Python here
          </button>
        </p>
      );
    case 'partial':
      return (
        <p>
          {sizeText(pack.keptBytes)} of {sizeText(pack.totalBytes)} are here: the download was stopped.{' '}
          <button type="button" class="quiet strong" onClick={() => void keepPythonPack()}>
            Go on
          </button>
          <Remove />
        </p>
      );
    case 'complete':
      return (
        <p>
          Python and pip start without a network, in all workspaces: {sizeText(pack.keptBytes)} are kept. <Remove />
        </p>
      );
  }
}

function Remove() {
  return (
    <button type="button" class="quiet strong" onClick={() => void removePythonPack()}>
      Remove Python
    </button>
  );
}
