// Entry of the kernel worker: wires file service, broker, process and port tables, previews and the SDK's control port.
// It never blocks. Started by the runtime frame, which sends the control port first and preview channels later.
import { wrap } from 'comlink';
import { REMOTE_PID, type Diagnostic } from '#protocol';
import { bridgeConnections } from './bridge-connections.ts';
import { Broker } from './broker.ts';
import type { FileServiceApi } from './file-service.worker.ts';
import type { FromKernelWorker, ToKernelWorker } from './kernel-worker-messages.ts';
import { AsyncConnection } from './ipc/async-pipe.ts';
import { Doorbell } from './ipc/doorbell.ts';
import { KERNEL_SLOT, Slots } from './ipc/slots.ts';
import { PortTable } from './port-table.ts';
import { Previews } from './preview/previews.ts';
import { ProcessTable } from './process-table.ts';
import { RemoteHost } from './remote/remote-host.ts';
import { SdkPort } from './sdk-port.ts';
import { StoreLink } from './store-link.ts';

interface KernelScope {
  postMessage(message: FromKernelWorker): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToKernelWorker>) => void): void;
}

declare const self: KernelScope;

let previews: Previews | null = null;

self.addEventListener('message', ({ data }) => {
  switch (data.type) {
    case 'start-kernel':
      void startKernel(data.port);
      return;
    case 'attach-preview':
      previews?.attach(data.port, data.channel);
      return;
    default:
      data satisfies never;
  }
});

async function startKernel(controlPort: MessagePort): Promise<void> {
  const slots = new Slots(Slots.create(), KERNEL_SLOT);
  const doorbell = new Doorbell(slots);
  const fileWorker = new Worker(new URL('./file-service.worker.ts', import.meta.url), { type: 'module', name: 'files' });
  const files = wrap<FileServiceApi>(fileWorker);
  const fileSystem = await files.start(slots.words.buffer as SharedArrayBuffer);
  let previewHost = '';
  let workspace = '';
  const report = (diagnostic: Diagnostic): void => sdk.report(diagnostic);
  const urlOf = (port: number): string => `http${location.protocol === 'https:' ? 's' : ''}://${port}--${workspace}.${previewHost}/`;

  const store = new StoreLink();
  const ports = new PortTable({
    onOpen(port, pid) {
      const url = urlOf(port);
      self.postMessage({ type: 'port-opened', port });
      sdk.post({ type: 'port-opened', port, pid, url });
      report({ atMs: Date.now(), type: 'port-opened', port, pid, url });
    },
    onClose(port, pid) {
      previews?.closePort(port);
      self.postMessage({ type: 'port-closed', port });
      sdk.post({ type: 'port-closed', port });
      report({ atMs: Date.now(), type: 'port-closed', port, pid });
    },
    bridge: (one, other) => bridgeConnections(one, other, doorbell),
  });

  const broker = new Broker({
    slots,
    fileSystem,
    epoch: crypto.randomUUID(),
    readPythonFile: (name) => store.readPythonFile(name),
    async recover(slot) {
      const outcome = await files.recover(slot);
      if (outcome === 'rolled-back') report({ atMs: Date.now(), type: 'filesystem-recovered', pid: 0, outcome });
    },
  });

  const remote: RemoteHost = new RemoteHost({
    doorbell,
    files: {
      read: (handle, maxBytes) => files.readHandle(handle, maxBytes),
      write: (handle, bytes) => files.writeHandle(handle, bytes),
      close: (handle) => files.closeHandle(handle),
    },
    setMarker: (isActive) => void files.setMarker(isActive),
    onRunning: (rule) => processes.moveRunning(rule),
    onPorts: (list) => ports.setRemotePorts(list, REMOTE_PID, (port, connection) => remote.connect(port, connection)),
    report,
  });

  const processes: ProcessTable = new ProcessTable({
    broker,
    slots,
    ports,
    remote,
    transferHandle: (handle, from, to) => files.transferHandle(handle, from, to),
    connectPackages: (port) => store.connectPackages(port),
    events: {
      onDiagnostic: report,
      onDisplay: (pid, event) => sdk.displayed(pid, event),
      onExit: (process, status) => sdk.processEnded(process.pid, status),
      onForeground: (terminalId, group) => sdk.setForeground(terminalId, group),
    },
  });

  previews = new Previews(
    {
      isListening: (port) => ports.isListening(port),
      connect(port) {
        const connection = processes.connectFromKernel({ family: 'tcp', host: '', port });
        return typeof connection === 'number' ? null : new AsyncConnection(connection, doorbell);
      },
    },
    report,
  );

  const sdk: SdkPort = new SdkPort({
    port: controlPort,
    files,
    processes,
    store,
    doorbell,
    createFetches: (post) => (previews as Previews).createFetches(post),
    onConfigure(configuration) {
      previewHost = configuration.previewHost;
      workspace = configuration.workspace;
      broker.warm();
    },
    onPromotion: (port) => remote.attach(port),
    placement: () => remote.placement,
    async onDispose() {
      remote.close();
      broker.close();
      previews?.dispose();
      await processes.endAll();
      doorbell.close();
      fileWorker.terminate();
      self.postMessage({ type: 'kernel-disposed' });
    },
  });
}
