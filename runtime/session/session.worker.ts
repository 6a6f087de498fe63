// Entry of the session worker: the bytes between a session's WebSocket and the kernel, past the page's main thread. What
// needs files, grants or a person's consent is asked of the page. One per runtime, from its first session on.
import type { FromPromotion, FromSessionWorker, PortsMessage, StreamOpening, ToPromotion, ToSessionWorker } from '#protocol';
import { runPreparation } from './preparation.ts';
import { RemotePrograms } from './remote-programs.ts';
import { SessionLink } from './session-link.ts';

interface SessionScope {
  postMessage(message: FromSessionWorker): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToSessionWorker>) => void): void;
}

declare const self: SessionScope;

let kernel: MessagePort | null = null;
let session: { readonly link: SessionLink; readonly programs: RemotePrograms } | null = null;
let tokenWanted: ((token: string | null) => void) | null = null;
const settling = new Map<number, () => void>();
const preparations = new Map<number, AbortController>();

self.addEventListener('message', ({ data }) => {
  switch (data.type) {
    case 'take-kernel':
      kernel = data.port;
      kernel.addEventListener('message', ({ data: message }: MessageEvent<ToPromotion>) => fromKernel(message));
      kernel.start();
      return;
    case 'tell-kernel':
      return tellKernel(data.message);
    case 'open-session':
      return openSession(data);
    case 'set-token':
      return giveToken(data.token);
    case 'no-token':
      return giveToken(null);
    case 'start-program':
      return session?.programs.start(data.program);
    case 'program-settled':
      settling.get(data.pid)?.();
      settling.delete(data.pid);
      return;
    case 'start-preparation':
      return void prepare(data);
    case 'cancel-preparation':
      return preparations.get(data.id)?.abort();
    case 'close-session':
      return closeSession(data.reason);
    default:
      data satisfies never;
  }
});

function openSession({ session: number, url, token }: Extract<ToSessionWorker, { type: 'open-session' }>): void {
  const link: SessionLink = new SessionLink(url, token, {
    onState: (state) => self.postMessage({ type: 'link-changed', session: number, state }),
    onEvent: (event) => self.postMessage({ type: 'session-said', session: number, event }),
    onReady: (isSame) => self.postMessage({ type: 'link-ready', session: number, isSame }),
    onRefused: (reason) => self.postMessage({ type: 'link-refused', session: number, reason }),
    renewToken: () => {
      giveToken(null);
      self.postMessage({ type: 'want-token' });
      return new Promise((resolve) => (tokenWanted = resolve));
    },
  });
  const programs = new RemotePrograms(link.endpoint, {
    post: tellKernel,
    settle: (pid, batch) => {
      self.postMessage({ type: 'program-exited', pid, batch });
      return new Promise((resolve) => settling.set(pid, resolve));
    },
    onGap: (pid, lostBytes) => self.postMessage({ type: 'output-lost', pid, lostBytes }),
  });
  link.endpoint.open({ type: 'watch-ports' } satisfies StreamOpening, {
    onMessage: (message) => tellKernel({ type: 'set-remote-ports', ports: (message as PortsMessage).ports }),
  });
  session = { link, programs };
}

function closeSession(reason: string): void {
  session?.link.close(reason);
  session = null;
  giveToken(null);
  tellKernel({ type: 'set-remote-ports', ports: [] });
}

function fromKernel(message: ToPromotion): void {
  const programs = session?.programs;
  switch (message.type) {
    case 'write-remote':
      return programs?.write(message.pid, message.bytes);
    case 'end-remote-input':
      return programs?.endInput(message.pid);
    case 'kill-remote':
      // One that has not started is the page's, which can still call it off.
      if (programs?.command(message.pid, { type: 'kill', signal: message.signal }) === true) return;
      return self.postMessage({ type: 'kernel-said', message });
    case 'resize-remote':
      return void programs?.command(message.pid, { type: 'resize', columns: message.columns, rows: message.rows });
    case 'remote-output-taken':
      return programs?.outputTaken(message.pid, message.stream, message.sizeBytes);
    case 'open-remote-connection':
      if (programs) programs.connect(message.id, message.port);
      else tellKernel({ type: 'connection-closed', id: message.id });
      return;
    case 'connection-data':
    case 'connection-taken':
    case 'connection-end':
    case 'connection-closed':
      return programs?.connection(message);
    case 'ask-promotion':
    case 'start-remote':
      return self.postMessage({ type: 'kernel-said', message });
    default:
      message satisfies never;
  }
}

async function prepare({ id, pid, argv }: Extract<ToSessionWorker, { type: 'start-preparation' }>): Promise<void> {
  const cancel = new AbortController();
  preparations.set(id, cancel);
  const show = (bytes: Uint8Array): void => tellKernel({ type: 'remote-output', pid, stream: 'stdout', bytes });
  const code = session === null ? null : await runPreparation(session.link.endpoint, argv, cancel.signal, show);
  preparations.delete(id);
  self.postMessage({ type: 'preparation-ended', id, code });
}

function giveToken(token: string | null): void {
  tokenWanted?.(token);
  tokenWanted = null;
}

function tellKernel(message: FromPromotion, transfer: Transferable[] = []): void {
  kernel?.postMessage(message, transfer);
}
