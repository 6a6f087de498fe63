// The agent: the one process that the server talks to inside a box. Bundled into one script that the box's Node runs.
// Its transport is a unix socket (VERKLET_SOCKET) or its own stdin and stdout; whoever attaches last has the box.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import {
  encodeMarker,
  encodePacket,
  isMarker,
  LinkEndpoint,
  MarkerFilter,
  PacketReader,
  WORKSPACE_ROOT,
  type ActivityEvent,
  type EgressOpening,
  type FilesCommand,
  type FilesEvent,
  type LinkStream,
  type PortsMessage,
  type StreamEvents,
  type StreamOpening,
} from '#protocol';
import { ContentReader, sendWithContents } from './file-channel.ts';
import { connectPort, joinSocket, Ports } from './ports.ts';
import { Processes } from './processes.ts';
import { Workspace } from './workspace.ts';

/** The server itself; every other number is one of its clients. */
const SERVER = 0;
/** A box that no server wants any more ends itself: what a dead server cannot reap must not stay. */
const ORPHAN_MS = Number(process.env['VERKLET_ORPHAN_SECONDS'] ?? 90) * 1000;
/** A client that is gone for longer than this has its streams ended. */
const CLIENT_GRACE_MS = 10 * 60_000;
const EGRESS_PORT = Number(process.env['VERKLET_EGRESS_PORT'] ?? 9099);

const epoch = randomUUID();
const boxEnv = JSON.parse(process.env['VERKLET_ENV'] ?? '{}') as Record<string, string>;
const endpoints = new Map<number, { endpoint: LinkEndpoint; lastSeenMs: number }>();
let orphanTimer = setTimeout(leave, ORPHAN_MS);

let files: LinkStream | null = null;
let batch = 0;
const workspace = new Workspace(WORKSPACE_ROOT, () => void flushFiles());
const ports = new Ports([EGRESS_PORT]);
const processes = new Processes({
  env: boxEnv,
  flush: flushFiles,
  onCount: (count) => endpointOf(SERVER).sendEvent({ type: 'activity', processes: count } satisfies ActivityEvent),
});

listenForEgress();
listenForServer();

function listenForServer(): void {
  const socketPath = process.env['VERKLET_SOCKET'];
  if (socketPath === undefined) {
    const { stdin, stdout } = process;
    adopt({ source: stdin, write: (bytes) => stdout.write(bytes), end: () => undefined });
    return;
  }
  rmSync(socketPath, { force: true });
  createServer((socket: Socket) =>
    adopt({ source: socket, write: (bytes) => socket.write(bytes), end: () => void socket.destroy() }),
  ).listen(socketPath);
}

interface Wire {
  readonly source: NodeJS.ReadableStream;
  write(bytes: Uint8Array): boolean;
  end(): void;
}
let wire: Wire | null = null;

/** Reads markers for ever: on a container's stdio a second server announces itself on the same stream. */
function adopt(fresh: Wire): void {
  let reader: PacketReader | null = null;
  let filter = makeFilter();
  function makeFilter(): MarkerFilter {
    return new MarkerFilter(null, (nonce) => {
      if (wire !== fresh) wire?.end();
      wire = fresh;
      clearTimeout(orphanTimer);
      for (const { endpoint } of endpoints.values()) endpoint.detach();
      fresh.write(encodeMarker(nonce));
      reader = new PacketReader({ onPacket: receive, onBroken: (_, rest) => (isMarker(rest) ? restart(rest) : lost()) });
    });
  }
  const restart = (bytes: Uint8Array): void => {
    reader = null;
    filter = makeFilter();
    const rest = filter.push(bytes);
    if (rest !== null && rest.length > 0) (reader as PacketReader | null)?.push(rest);
  };
  const lost = (): void => {
    fresh.end();
    if (wire !== fresh) return;
    wire = null;
    for (const { endpoint } of endpoints.values()) endpoint.detach();
    orphanTimer = setTimeout(leave, ORPHAN_MS);
  };
  fresh.source.on('data', (chunk: Buffer) => {
    // The old attacher may have died in the middle of a packet: then the marker is where a chunk begins.
    if (reader !== null && isMarker(chunk)) return restart(chunk);
    if (reader !== null) return reader.push(chunk);
    const rest = filter.push(chunk);
    if (rest !== null && rest.length > 0) (reader as PacketReader | null)?.push(rest);
  });
  fresh.source.on('end', lost);
  fresh.source.on('error', lost);
}

function receive(client: number, frame: Uint8Array): void {
  const entry = endpoints.get(client);
  if (entry) entry.lastSeenMs = Date.now();
  const endpoint = endpointOf(client);
  // A hello on a link that is attached already replaces it; anything else needs one.
  if (frame[0] === 4) endpoint.attach((bytes) => void wire?.write(encodePacket(client, bytes)));
  endpoint.receive(frame);
}

function endpointOf(client: number): LinkEndpoint {
  const known = endpoints.get(client);
  if (known) return known.endpoint;
  const endpoint = new LinkEndpoint(
    { role: 'agent', epoch },
    { onOpen: (payload, stream) => opened(client, payload as StreamOpening, stream) },
  );
  endpoints.set(client, { endpoint, lastSeenMs: Date.now() });
  return endpoint;
}

setInterval(() => {
  for (const [client, { endpoint, lastSeenMs }] of endpoints) {
    if (client === SERVER || endpoint.openStreams > 0 || Date.now() - lastSeenMs < CLIENT_GRACE_MS) continue;
    endpoints.delete(client);
  }
}, 60_000).unref();

function opened(client: number, opening: StreamOpening, stream: LinkStream): StreamEvents | null {
  switch (opening.type) {
    case 'spawn':
      return processes.start(opening, stream);
    case 'stderr-of':
      return processes.addErrors(opening.stream, stream);
    case 'connect':
      return connectPort(opening.port, stream);
    case 'watch-ports': {
      const stop = ports.watch((list) => stream.message({ type: 'ports', ports: list } satisfies PortsMessage));
      return { onEnd: stop, onReset: stop };
    }
    case 'files':
      return client === SERVER ? openFiles(stream, opening.isFresh) : null;
    default:
      opening satisfies never;
      return null;
  }
}

function openFiles(stream: LinkStream, isFresh: boolean): StreamEvents {
  files = stream;
  if (!isFresh) {
    // The server may have died between our last batch and storing it.
    workspace.forgetAll();
    void flushFiles(true);
  }
  const reader = new ContentReader<FilesCommand>((message, contents) => void perform(message, contents));
  return {
    onMessage: (message) => reader.message(message as FilesCommand),
    onData: (bytes) => {
      reader.bytes(bytes);
      stream.taken(bytes.length);
    },
    onReset: () => {
      if (files === stream) files = null;
    },
  };
}

async function perform(command: FilesCommand, contents: readonly Uint8Array[]): Promise<void> {
  const before = batch;
  await flushFiles();
  if (command.type === 'flush') return reply({ type: 'flushed', id: command.id, batch });
  if (batch !== before) return reply({ type: 'applied', id: command.id, isStale: true, failed: [] });
  const failed = workspace.apply(command.entries, contents);
  reply({ type: 'applied', id: command.id, isStale: false, failed });
}

function reply(event: FilesEvent): void {
  files?.message(event);
}

/** Sends what changed; resolves with the number of the batch that holds it. */
async function flushFiles(isFull = false): Promise<number> {
  // Inotify events of a child that has just ended are in the queue already: two turns of the loop deliver them.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  if (files === null) return batch;
  const { entries, contents, skipped } = workspace.collect();
  if (entries.length === 0 && skipped.length === 0 && !isFull) return batch;
  batch++;
  sendWithContents(files, { type: 'changes', batch, isFull, entries, skipped } as Extract<FilesEvent, { type: 'changes' }>, contents);
  return batch;
}

/** The box has no network: what its programs ask of the proxy goes to the server, which has an allow-list. */
function listenForEgress(): void {
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    joinSocket(socket, (events) => endpointOf(SERVER).open({ type: 'egress' } satisfies EgressOpening, events)),
  );
  server.on('error', () => undefined); // another agent on this loopback has it: a box without a network of its own
  server.listen(EGRESS_PORT, '127.0.0.1');
}

function leave(): void {
  processes.killAll();
  process.exit(0);
}
process.on('SIGTERM', leave);
