// What a server of the workspace shows: address, reload, ports, and the page itself in a frame of another origin.
import { ExternalLink, RotateCw } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';

export function PreviewPane({ workspace }: { workspace: Workspace }) {
  const ports = workspace.ports.value;
  const shown = ports.find(({ port }) => port === workspace.shownPort.value) ?? ports.at(-1) ?? null;
  return (
    <section class="preview-page" aria-label="Preview">
      {shown === null ? (
        <NoServer workspace={workspace} />
      ) : (
        <Page key={`${shown.port}-${shown.pid}`} workspace={workspace} port={shown.port} />
      )}
    </section>
  );
}

function NoServer({ workspace: { template } }: { workspace: Workspace }) {
  return (
    <div class="empty preview-empty">
      <p>No server is listening yet.</p>
      {template?.servesNothing ? (
        <p>Start one in the terminal, and its page shows here.</p>
      ) : (
        <p>
          Run <code>{template?.steps.at(-1) ?? 'node server.js'}</code> in the terminal; its page shows here.
        </p>
      )}
    </div>
  );
}

function Page({ workspace, port }: { workspace: Workspace; port: number }) {
  const holder = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLIFrameElement | null>(null);
  const [path, setPath] = useState('/');
  const preview = workspace.runtime.preview(port);
  useEffect(() => {
    const made = preview.createFrame('/');
    frame.current = made;
    holder.current?.replaceChildren(made);
  }, []);
  const go = (to: string): void => {
    if (frame.current !== null) frame.current.src = new URL(to, preview.url).href;
  };
  return (
    <>
      <form
        class="address"
        onSubmit={(event) => {
          event.preventDefault();
          go(path);
        }}
      >
        <button type="button" class="quiet square" aria-label="Reload the preview" onClick={() => go(path)}>
          <Icon of={RotateCw} size={14} />
        </button>
        <PortChoice workspace={workspace} port={port} />
        <input aria-label="Path of the preview" value={path} spellcheck={false} onInput={(event) => setPath(event.currentTarget.value)} />
        <a class="quiet square" href={preview.url} target="_blank" rel="noreferrer" aria-label="Open in a new tab">
          <Icon of={ExternalLink} size={14} />
        </a>
      </form>
      <div ref={holder} class="page" />
    </>
  );
}

function PortChoice({ workspace, port }: { workspace: Workspace; port: number }) {
  const ports = workspace.ports.value;
  if (ports.length < 2) return <span class="port">:{port}</span>;
  return (
    <select
      class="port"
      aria-label="Port"
      value={port}
      onChange={(event) => void (workspace.shownPort.value = Number(event.currentTarget.value))}
    >
      {ports.map((open) => (
        <option key={open.port} value={open.port}>
          :{open.port}
        </option>
      ))}
    </select>
  );
}
