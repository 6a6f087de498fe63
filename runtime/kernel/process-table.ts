// The processes of a workspace: start, signals, waiting, exit. Kernel worker.
import {
  type AcceptQueueData,
  type ChildChange,
  type Connection,
  type DatagramAddress,
  type Diagnostic,
  type ExitStatus,
  type FromProcess,
  type KernelCall,
  type NetAddress,
  type ProcessInfo,
  type PromotionRefusal,
  type PromotionSignal,
  type SpawnRequest,
  REMOTE_PROGRAM,
  type ToProcess,
} from '#protocol';
import { AcceptQueue } from './accept-queue.ts';
import type { BrokeredWorker } from './broker.ts';
import { DatagramTable } from './datagram-table.ts';
import { Pipe } from './ipc/pipe.ts';
import { RemoteHost } from './remote/remote-host.ts';
import { FILE_SERVICE_SLOT, KERNEL_SLOT } from './ipc/slots.ts';
import { adopt, claimEnds, inherit, remember } from './pipe-holds.ts';
import { fileHandles, kindOf, pipeEnds, type Process, slotOf } from './process.ts';
import type { ProcessTableOptions } from './process-table-options.ts';
import { endsProcessByDefault, signalName, signalNumbers, stopsProcessByDefault } from './signals.ts';

const ENOENT = -2;
const ESRCH = -3;
const ECHILD = -10;
const EAGAIN = -11;
const EINVAL = -22;
const ENOSYS = -38;
const INIT_PID = 1;

export class ProcessTable {
  readonly #options: ProcessTableOptions;
  readonly #processes = new Map<number, Process>();
  readonly #datagrams = new DatagramTable();
  readonly #foregrounds = new Map<number, number>();
  #nextPid = 100;
  #nextThreadId = 1;

  constructor(options: ProcessTableOptions) {
    this.#options = options;
  }

  get(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  list(): ProcessInfo[] {
    const processes = [...this.#processes.values()].filter(({ request }) => request.thread === undefined);
    return processes.map(({ pid, ppid, group, request, startedAtMs }) => ({
      pid,
      ppid,
      group,
      command: request.argv.join(' '),
      startedAtMs,
    }));
  }

  /** The new pid, or -EAGAIN when all slots are taken. The parent (null: the SDK) has retained every pipe end it passes. */
  spawn(parent: Process | null, request: SpawnRequest): number {
    const { remote } = this.#options;
    const isRemote = request.program === REMOTE_PROGRAM;
    if (isRemote && remote.placement === 'tab') return ENOENT;
    const { thread } = request;
    const signal = isRemote ? RemoteHost.signalFor(request) : remote.claims(request, parent?.request.program ?? null);
    const kind = request.thread === undefined ? kindOf(request.program) : 'thread';
    const worker = signal === null ? this.#options.broker.take(kind) : null;
    if (!worker && signal === null) return EAGAIN;
    const pid = this.#nextPid++;
    const process: Process = {
      pid,
      ppid: parent?.pid ?? INIT_PID,
      group: request.newGroup || !parent ? pid : parent.group,
      request,
      worker,
      remote: null,
      startedAtMs: Date.now(),
      pipes: [],
      ended: new Map(),
      waits: [],
      successor: null,
      unreportedStop: null,
      status: null,
    };
    this.#processes.set(pid, process);
    const from = parent ? slotOf(parent) : KERNEL_SLOT;
    for (const stdio of request.stdio)
      for (const { memory, end } of pipeEnds(stdio)) inherit(this.#options.slots, process, memory, end, from);
    if (thread !== undefined) adopt(this.#options.slots, process, thread.connection, from);
    if (worker) {
      worker.onMessage = (message) => this.#receive(process, message);
      void this.#start(process, worker, from);
    } else if (signal) void this.#startRemote(process, signal, from);
    return pid;
  }

  /** Gives a process an end that somebody else retained under `from`. */
  claim(process: Process, connection: Connection): void {
    adopt(this.#options.slots, process, connection, KERNEL_SLOT);
  }

  kill(pid: number, signal: number): number {
    if (pid <= 0) return this.#killGroup(pid === 0 ? 0 : -pid, signal);
    const process = this.#processes.get(pid);
    if (!process) return ESRCH;
    if (signal < 0 || signal > 62) return EINVAL;
    if (signal !== 0) this.#signal(this.#receiver(process, signal), signal);
    return 0;
  }

  /** Ends everything at once; resolves when all workers are proven dead. */
  async endAll(): Promise<void> {
    const burials = [...this.#processes.values()].map((process) => this.#end(process, { code: null, signal: 'SIGKILL' }));
    await Promise.all(burials);
  }

  /** The program runs on the server; the kernel holds its ends of pipes and files. */
  async #startRemote(process: Process, signal: PromotionSignal, from: number): Promise<void> {
    const { pid, request } = process;
    for (const handle of fileHandles(request)) await this.#options.transferHandle(handle, from, FILE_SERVICE_SLOT);
    if (process.status) return;
    process.remote = this.#options.remote.start(pid, request, signal, (status) => void this.#end(process, status));
    this.#showForeground(process);
    const command = request.argv.join(' ');
    const reason = `${signal.subject} needs a server session: ${signal.because}`;
    this.#report({ atMs: Date.now(), type: 'process-started', pid, command, host: 'server', reason });
  }

  /** Moves a process that has done nothing yet to the server, under the same pid; or says why not. */
  async #promote(process: Process, signal: PromotionSignal, reply: (value: unknown) => void): Promise<void> {
    const error = await this.#options.remote.ask(signal, process.request.argv.join(' '));
    if (error !== null) return reply({ error } satisfies PromotionRefusal);
    this.#move(process, signal);
  }

  /** A session began: programs that a person started in the tab go on, start anew on the server, or end. */
  moveRunning(rule: 'continue' | 'restart' | 'stop'): void {
    if (rule === 'continue') return;
    for (const process of this.#processes.values()) {
      const parent = this.#processes.get(process.ppid)?.request.program ?? null;
      const signal = process.worker && this.#options.remote.claims(process.request, parent);
      if (!signal) continue;
      if (rule === 'restart') this.#move(process, signal);
      else this.#signal(process, signalNumbers.SIGTERM);
    }
  }

  #move(process: Process, signal: PromotionSignal): void {
    const { worker } = process;
    if (process.status || !worker) return;
    const { slots, broker, ports } = this.#options;
    ports.unlistenAll(process.pid);
    const ends = process.request.stdio.flatMap(pipeEnds);
    for (const { memory, end } of ends) new Pipe(memory, slots).transfer(end, worker.slot, KERNEL_SLOT);
    const from = worker.slot;
    process.worker = null;
    void this.#startRemote(process, signal, from).then(() =>
      broker.bury(worker, () => {
        for (const memory of process.pipes) new Pipe(memory, slots).releaseSlot(worker.slot);
      }),
    );
  }

  #showForeground(process: Process): void {
    for (const [terminalId, group] of this.#foregrounds) process.remote?.setForeground(terminalId, group === process.group);
  }

  /** A terminal's foreground moved, by its shell or by a person who opened it. */
  noteForeground(terminalId: number, group: number): void {
    this.#foregrounds.set(terminalId, group);
    for (const process of this.#processes.values()) if (process.remote) this.#showForeground(process);
  }

  async #start(process: Process, worker: BrokeredWorker, from: number): Promise<void> {
    const { request, pid, ppid, group } = process;
    try {
      await worker.ready;
    } catch (error) {
      this.#report({ atMs: Date.now(), type: 'error-raised', error: { code: 'ERR_INTERNAL', details: {}, message: String(error) } });
      this.#explainFailure(request, error);
      void this.#end(process, { code: 127, signal: null });
      return;
    }
    for (const handle of fileHandles(request)) await this.#options.transferHandle(handle, from, worker.slot);
    if (process.status) return;
    const start: ToProcess = { type: 'start-process', pid, ppid, group, request };
    worker.worker.postMessage(start, request.thread === undefined ? [] : [request.thread.companion]);
    if (request.thread !== undefined) return;
    const command = request.argv.join(' ');
    this.#report({
      atMs: Date.now(),
      type: 'process-started',
      pid,
      command,
      host: 'browser',
      reason: `${request.program} runs in the tab`,
    });
  }

  /** Says on the standard error of a program that did not start why; not into files, whose handles are not the kernel's. */
  #explainFailure({ program, stdio }: SpawnRequest, error: unknown): void {
    const [, , errors] = stdio;
    const sink = errors && pipeEnds(errors).find(({ end }) => end === 'write');
    const text = `${program}: ${error instanceof Error ? error.message : String(error)}\n`;
    // A full pipe has other news for its reader: the kernel does not wait.
    if (sink) new Pipe(sink.memory, this.#options.slots).write(new TextEncoder().encode(text));
  }

  #receive(process: Process, message: FromProcess): void {
    switch (message.type) {
      case 'call-kernel':
        this.#answer(process, message);
        return;
      case 'process-exited':
        void this.#end(process, message.status);
        return;
      case 'hold-connection':
        remember(this.#options.slots, process, message.connection.receive, message.connection.send);
        return;
      case 'report-unsupported':
        this.#report({ atMs: Date.now(), type: 'unsupported-call', pid: process.pid, name: message.name });
        return;
      case 'report-display':
        this.#options.events.onDisplay(process.pid, message.event);
        return;
      case 'report-install':
        this.#reportInstall(process, message);
        return;
      case 'worker-failed':
        void this.#end(process, { code: 127, signal: null });
        return;
      case 'worker-ready':
        return;
      default:
        message satisfies never;
    }
  }

  #answer(process: Process, { id, isSync, call }: Extract<FromProcess, { type: 'call-kernel' }>): void {
    const reply = (value: unknown): void => {
      if (process.status) return;
      if (isSync) {
        process.worker?.mailbox.post(value);
        this.#options.slots.ring(slotOf(process));
      } else process.worker?.worker.postMessage({ type: 'call-reply', id, value } satisfies ToProcess);
    };
    this.#perform(process, call, reply);
  }

  #perform(process: Process, call: KernelCall, reply: (value: unknown) => void): void {
    const { ports, events } = this.#options;
    switch (call.type) {
      case 'spawn':
        return reply(this.spawn(process, call.request));
      case 'kill':
        return reply(this.kill(call.pid, call.signal));
      case 'wait':
        return call.noHang === true
          ? reply(this.#endedChild(process, call.pid))
          : this.#wait(process, call.pid, call.untraced === true, reply);
      case 'listen':
        return reply(this.#listen(process, call.address, call.queue));
      case 'supply-connection':
        ports.get(call.listenerId)?.queue?.supply(call.connection);
        return reply(0);
      case 'unlisten':
        ports.unlisten(call.listenerId);
        return reply(0);
      case 'accept':
        return this.#accept(call.listenerId, reply);
      case 'connect':
        return reply(
          ports.connect(
            call.address,
            (connection, pid) => claimEnds(this.#options.slots, connection, pid === null ? process : this.#processes.get(pid)),
            call.connection && { pid: process.pid, connection: call.connection },
          ),
        );
      case 'set-process-group':
        return reply(this.#setGroup(call.pid === 0 ? process.pid : call.pid, call.group));
      case 'set-successor':
        if (this.#processes.get(call.pid)?.ppid !== process.pid) return reply(ECHILD);
        process.successor = call.pid;
        return reply(0);
      case 'set-foreground':
        this.noteForeground(call.terminalId, call.group);
        events.onForeground(call.terminalId, call.group);
        return reply(0);
      case 'list-processes':
        return reply(this.list());
      case 'open-package-cache':
        return reply(this.#options.connectPackages(call.port) ? 0 : ENOSYS);
      case 'bind-datagram':
        return reply(this.#bindDatagram(process, call.address, call.isShared));
      case 'close-datagram':
        this.#datagrams.close(call.socketId);
        return reply(0);
      case 'join-group':
        return reply(this.#datagrams.join(call.socketId, call.group, call.isMember));
      case 'send-datagram':
        return reply(this.#datagrams.send(call.socketId, call.to, call.bytes));
      case 'reserve-thread':
        return reply(this.#nextThreadId++);
      case 'promote':
        return void this.#promote(process, call.signal, reply);
      default:
        call satisfies never;
    }
  }

  #bindDatagram(process: Process, address: DatagramAddress, isShared: boolean): { socketId: number; port: number } | number {
    return this.#datagrams.bind(process.pid, address, isShared, (datagram) => {
      process.worker?.worker.postMessage({ type: 'deliver-datagram', datagram } satisfies ToProcess);
    });
  }

  #listen(process: Process, address: NetAddress, queueData?: AcceptQueueData): { listenerId: number; port: number } | number {
    if (queueData !== undefined) {
      const queue = new AcceptQueue(queueData, this.#options.slots);
      const listening = this.#options.ports.listen(process.pid, address, (incoming) => queue.announce(incoming), queue);
      if (typeof listening === 'number') queue.close();
      return listening;
    }
    return this.#options.ports.listen(process.pid, address, (incoming) => {
      process.worker?.worker.postMessage({ type: 'deliver-connection', incoming } satisfies ToProcess);
    });
  }

  #accept(listenerId: number, reply: (value: unknown) => void): void {
    const listener = this.#options.ports.get(listenerId);
    if (!listener) return reply(EINVAL);
    const waiting = listener.backlog.shift();
    if (waiting) reply(waiting);
    else listener.acceptors.push(reply);
  }

  #wait(process: Process, pid: number, isUntraced: boolean, reply: (value: unknown) => void): void {
    const ended = process.ended.get(pid);
    if (ended) {
      process.ended.delete(pid);
      return reply(ended);
    }
    const child = this.#processes.get(pid);
    if (child?.ppid !== process.pid) return reply(ECHILD);
    if (isUntraced && child.unreportedStop !== null) {
      reply({ code: null, signal: null, stopped: child.unreportedStop } satisfies ChildChange);
      child.unreportedStop = null;
      return;
    }
    process.waits.push({ pid, isUntraced, reply });
  }

  #endedChild(process: Process, pid: number): { pid: number; status: ExitStatus } | number {
    for (const [ended, status] of process.ended) {
      if (pid !== -1 && ended !== pid) continue;
      process.ended.delete(ended);
      return { pid: ended, status };
    }
    const children = [...this.#processes.values()].filter((child) => child.ppid === process.pid);
    return children.some((child) => pid === -1 || child.pid === pid) ? 0 : ECHILD;
  }

  #setGroup(pid: number, group: number): number {
    const target = this.#processes.get(pid);
    if (!target) return ESRCH;
    target.group = group === 0 ? pid : group;
    return 0;
  }

  #killGroup(group: number, signal: number): number {
    const members = [...this.#processes.values()].filter((process) => process.group === group && process.request.thread === undefined);
    // A successor is in the group itself: it gets the signal once.
    const receivers = new Set(members.map((process) => this.#receiver(process, signal)));
    for (const process of receivers) if (signal !== 0) this.#signal(process, signal);
    return members.length === 0 ? ESRCH : 0;
  }

  /** Whom a signal to a process reaches: the one that goes on in its place, if it is one that ends processes. */
  #receiver(process: Process, signal: number): Process {
    const successor = process.successor === null ? undefined : this.#processes.get(process.successor);
    if (successor?.status !== null || successor.ppid !== process.pid || !endsProcessByDefault(signal)) return process;
    return this.#receiver(successor, signal);
  }

  #signal(process: Process, signal: number): void {
    if (process.status) return;
    if (!process.worker) {
      if (process.remote) process.remote.signal(signalName(signal));
      else if (endsProcessByDefault(signal)) void this.#end(process, { code: null, signal: signalName(signal) });
      return;
    }
    const isFatal =
      signal === signalNumbers.SIGKILL || (endsProcessByDefault(signal) && !this.#options.slots.isHandled(process.worker.slot, signal));
    const { slots } = this.#options;
    const { slot } = process.worker;
    if (isFatal) return void this.#end(process, { code: null, signal: signalName(signal) });
    if (signal === signalNumbers.SIGCONT) this.#continue(process);
    const isStop = signal === signalNumbers.SIGSTOP || (stopsProcessByDefault(signal) && !slots.isHandled(slot, signal));
    if (isStop) this.#stop(process, signalName(signal));
    else slots.raiseSignal(slot, signal);
  }

  /** The worker parks at its next wait; its parent hears of it now. */
  #stop(process: Process, name: string): void {
    const slot = slotOf(process);
    if (this.#options.slots.isStopped(slot)) return;
    this.#options.slots.setStopped(slot, true);
    const parent = this.#processes.get(process.ppid);
    const index = parent?.waits.findIndex(({ pid, isUntraced }) => pid === process.pid && isUntraced) ?? -1;
    if (index >= 0) parent?.waits.splice(index, 1)[0]?.reply({ code: null, signal: null, stopped: name });
    else process.unreportedStop = name;
  }

  #continue(process: Process): void {
    process.unreportedStop = null;
    this.#options.slots.setStopped(slotOf(process), false);
  }

  /** The process is over for everybody now; its worker is buried when it is proven dead. */
  async #end(process: Process, status: ExitStatus): Promise<void> {
    if (process.status) return;
    process.status = status;
    const { slots, broker, ports, events } = this.#options;
    const { pid, worker } = process;
    if (worker) slots.markDead(worker.slot);
    this.#processes.delete(pid);
    ports.unlistenAll(pid);
    this.#datagrams.closeAll(pid);
    const pipes = worker ? process.pipes.map((memory) => new Pipe(memory, slots)) : [];
    if (worker) for (const pipe of pipes) pipe.releaseSlot(worker.slot);
    for (const child of this.#processes.values()) {
      if (child.ppid !== pid) continue;
      if (child.request.thread === undefined) child.ppid = INIT_PID;
      else void this.#end(child, { code: 1, signal: null });
    }
    this.#tellParent(process, status);
    const command = process.request.argv.join(' ');
    const durationMs = Date.now() - process.startedAtMs;
    this.#report({ atMs: Date.now(), type: 'process-exited', pid, command, exitCode: status.code, signal: status.signal, durationMs });
    events.onExit(process, status);
    if (!worker) {
      // It ended before its program was asked for: nobody else lets go of its ends.
      if (!process.remote) for (const { memory, end } of process.request.stdio.flatMap(pipeEnds)) new Pipe(memory, slots).release(end);
      return;
    }
    await broker.bury(worker, () => {
      for (const pipe of pipes) {
        pipe.recover(worker.slot);
        pipe.releaseSlot(worker.slot);
      }
    });
  }

  #tellParent(process: Process, status: ExitStatus): void {
    const parent = this.#processes.get(process.ppid);
    if (!parent) return;
    if (!parent.worker) return;
    parent.worker.worker.postMessage({ type: 'child-exited', pid: process.pid, status } satisfies ToProcess);
    const index = parent.waits.findIndex((wait) => wait.pid === process.pid);
    if (index >= 0) parent.waits.splice(index, 1)[0]?.reply(status);
    else parent.ended.set(process.pid, status);
    this.#options.slots.ring(parent.worker.slot);
  }

  /** A connection whose near end is the kernel's own, for previews; or a negative errno. */
  connectFromKernel(address: NetAddress): Connection | number {
    const outgoing = this.#options.ports.connect(address, (connection, pid) =>
      claimEnds(this.#options.slots, connection, pid === null ? undefined : this.#processes.get(pid)),
    );
    return typeof outgoing === 'number' ? outgoing : outgoing.connection;
  }

  #reportInstall(
    process: Process,
    { done, total, sizeBytes, name, isFinished, durationMs }: Extract<FromProcess, { type: 'report-install' }>,
  ): void {
    const atMs = Date.now();
    const { pid } = process;
    if (isFinished) this.#report({ atMs, type: 'install-finished', pid, packages: done, sizeBytes, durationMs });
    else this.#report({ atMs, type: 'install-progress', pid, done, total, sizeBytes, name });
  }

  #report(diagnostic: Diagnostic): void {
    this.#options.events.onDiagnostic(diagnostic);
  }
}
