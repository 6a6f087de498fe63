// What every driver must do, and what no program in a box may: run by each driver's test against the real thing.
import { describe, expect, test, beforeAll, afterAll } from 'vitest';
import type { FilesEvent, LinkStream, ProcessEvent, StreamOpening } from '#protocol';
import { ContentReader, sendWithContents } from '../agent/file-channel.ts';
import { AgentConnection } from '../sessions/agent-connection.ts';
import { DEFAULT_LIMITS, type Box, type BoxLimits, type Driver } from './driver.ts';

export interface Ran {
  readonly output: string;
  readonly code: number | null;
  readonly signal: string | null;
}

const LIMITS: BoxLimits = { ...DEFAULT_LIMITS, memoryBytes: 512 * 1024 ** 2, processes: 96, diskBytes: 128 * 1024 ** 2 };
let lastId = 0;

/** A box with the server's side of its link. */
export class TestBox {
  readonly box: Box;
  readonly agent: AgentConnection;

  private constructor(box: Box, agent: AgentConnection) {
    this.box = box;
    this.agent = agent;
  }

  static async start(driver: Driver, limits: BoxLimits = LIMITS): Promise<TestBox> {
    const box = await driver.start({ id: `test-${process.pid}-${++lastId}`, limits, env: { GREETING: 'hello' } });
    return TestBox.attach(box);
  }

  static async attach(box: Box): Promise<TestBox> {
    const agent = new AgentConnection({ onOpen: () => null, onEvent: () => undefined, onLost: () => undefined });
    await agent.connect(box);
    return new TestBox(box, agent);
  }

  /** Output and errors together. */
  run(argv: readonly string[], { input = '', terminal = false }: { input?: string; terminal?: boolean } = {}): Promise<Ran> {
    const { endpoint } = this.agent;
    const decoder = new TextDecoder();
    let output = '';
    const collect = (stream: () => LinkStream) => (bytes: Uint8Array) => {
      output += decoder.decode(bytes);
      stream().taken(bytes.length);
    };
    return new Promise((resolve, reject) => {
      const errors: LinkStream = endpoint.open({ type: 'stderr-of', stream: endpoint.nextStream + 2 } satisfies StreamOpening, {
        onData: collect(() => errors),
      });
      const opening: StreamOpening = {
        type: 'spawn',
        argv,
        cwd: '/workdir',
        env: {},
        ...(terminal ? { terminal: { columns: 91, rows: 17 } } : {}),
      };
      const main: LinkStream = endpoint.open(opening, {
        onData: collect(() => main),
        onMessage: (message) => {
          const event = message as ProcessEvent;
          if (event.type === 'exited') resolve({ output, ...event.status });
          else if (event.type === 'failed') reject(new Error(event.message));
          else return;
          main.end();
          errors.end();
        },
        onReset: (reason) => reject(new Error(JSON.stringify(reason))),
      });
      if (input !== '') main.write(new TextEncoder().encode(input));
      if (!terminal) main.end();
    });
  }

  sh(script: string): Promise<Ran> {
    return this.run(['sh', '-c', script]);
  }

  async stop(): Promise<void> {
    this.agent.close();
    await this.box.stop();
  }
}

export function driverConformance(name: string, makeDriver: () => Driver): void {
  describe(`the ${name} driver`, () => {
    let driver: Driver;
    let box: TestBox;
    beforeAll(async () => {
      driver = makeDriver();
      box = await TestBox.start(driver);
    });
    afterAll(async () => {
      await box.stop();
      await driver.reap(new Set());
    });

    test('a program runs as a plain user with the environment of the box', async () => {
      expect(await box.sh('id -u; echo $GREETING; pwd; node -p process.platform')).toMatchObject({
        output: '1000\nhello\n/workdir\nlinux\n',
        code: 0,
      });
    });

    test('input, output, exit codes and signals arrive', async () => {
      expect(await box.run(['cat'], { input: 'through\n' })).toMatchObject({ output: 'through\n', code: 0 });
      expect(await box.sh('exit 7')).toMatchObject({ code: 7 });
      expect(await box.sh('kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
      await expect(box.run(['no-such-program'])).rejects.toThrow(/ENOENT/);
    });

    test('a terminal is one, of the size that was asked for', async () => {
      const { output } = await box.run(['sh', '-c', 'test -t 0 && test -t 1 && stty size'], { terminal: true });
      expect(output).toContain('17 91');
    });

    test('much output arrives whole', async () => {
      const { output } = await box.run(['node', '-e', 'process.stdout.write("x".repeat(8_000_000))']);
      expect(output.length).toBe(8_000_000);
    });

    test('a port of the box is reached without any network', async () => {
      const serving = box.run([
        'node',
        '-e',
        'require("http").createServer((q,r)=>{r.end("served");setTimeout(process.exit,50)}).listen(4321)',
      ]);
      expect(await ask(box.agent, 4321)).toContain('served');
      await serving;
    });

    test('files go in, and what programs change comes out', async () => {
      const changes: string[] = [];
      const applied = Promise.withResolvers<void>();
      const reader = new ContentReader<FilesEvent>((event, contents) => {
        if (event.type === 'applied') applied.resolve();
        if (event.type === 'changes')
          changes.push(
            ...event.entries.map((entry) => `${entry.kind} ${entry.path}`),
            ...contents.map((bytes) => new TextDecoder().decode(bytes)),
          );
      });
      const stream: LinkStream = box.agent.endpoint.open({ type: 'files', isFresh: true } satisfies StreamOpening, {
        onMessage: (message) => reader.message(message as FilesEvent),
        onData: (bytes) => {
          reader.bytes(bytes);
          stream.taken(bytes.length);
        },
      });
      const content = new TextEncoder().encode('from outside');
      const entries = [
        { kind: 'folder', path: 'in', mode: 0o755, mtimeMs: 1 },
        { kind: 'file', path: 'in/a.txt', mode: 0o640, mtimeMs: 1_700_000_000_000, sizeBytes: content.length },
      ] as const;
      sendWithContents(stream, { type: 'apply', id: 1, entries } as never, [content]);
      await applied.promise;
      expect((await box.sh('cat in/a.txt && stat -c "%a %Y" in/a.txt && echo made > in/b.txt')).output).toBe(
        'from outside640 1700000000\n',
      );
      expect(changes).toEqual(['file in/b.txt', 'made\n']);
    });

    test('a box is found again by its handle, and its programs went on', async () => {
      await box.sh('nohup node -e "setTimeout(()=>{},60000)" >/dev/null 2>&1 & sleep 0.2');
      const again = await driver.adopt(box.box.handle);
      expect(again).not.toBeNull();
      const other = await TestBox.attach(again as Box);
      expect((await other.sh('ls /proc | grep -c "^[0-9]"; cat in/a.txt')).output).toContain('from outside');
      box = other;
    });

    describe('contains', () => {
      test('no capability, no new privileges, a seccomp filter', async () => {
        const { output } = await box.sh('cat /proc/self/status');
        expect(output).toMatch(/CapEff:\s+0{16}/);
        expect(output).toMatch(/CapBnd:\s+0{16}/);
        expect(output).toMatch(/NoNewPrivs:\s+1/);
        expect(output).toMatch(/Seccomp:\s+2/);
      });

      test('the host: no processes, no homes, no other mounts to write', async () => {
        const { output } = await box.sh(
          `ls /proc | grep -c '^[0-9]'; ls /root /home 2>&1; touch /usr/x /etc/x /x 2>&1; ls -d /var/run/docker.sock /work 2>&1; cat /etc/shadow 2>&1`,
        );
        expect(Number(output.split('\n')[0])).toBeLessThan(30);
        expect(output).not.toMatch(/root:[^x]/);
        expect(output).not.toMatch(/^\/work$|^\/var\/run\/docker.sock$/m);
        expect((await box.sh('test -e /usr/x || test -e /etc/x')).code).not.toBe(0);
      });

      test.each([
        ['mounting', 'mount -t tmpfs none /tmp 2>&1'],
        ['a user namespace', 'unshare -U true 2>&1'],
        ['changing root', 'chroot / true 2>&1'],
        ['the clock', 'date -s 2020-01-01 2>&1'],
        ['kernel settings', 'echo 1 > /proc/sys/kernel/sysrq 2>&1'],
        ['the trigger file', 'echo b > /proc/sysrq-trigger 2>&1'],
        ['kernel memory', 'test -n "$(head -c 4 /proc/kcore 2>/dev/null | od -An -c)"'],
        ['block devices', 'mknod /tmp/sda b 8 0 2>&1'],
        ['becoming root', 'node -e "process.setuid(0)" 2>&1'],
        ['another host name', 'hostname other 2>&1'],
      ])('%s is refused', async (_, script) => {
        expect((await box.sh(script)).code).not.toBe(0);
      });

      test('the network: nothing but the loopback, no address answers', async () => {
        const { output } = await box.sh(`cat /proc/net/dev | grep -v lo: | grep -c :; node -e "
          const s = require('net').connect(80, '169.254.169.254'); s.on('error', e => console.log(e.code)); s.on('connect', () => console.log('connected'))"`);
        expect(output).toMatch(/^0\n(?:ENETUNREACH|EHOSTUNREACH|EACCES)\n$/);
      });

      test('a fork bomb stays in its box', async () => {
        const { output } = await box.run([
          'node',
          '-e',
          `
          const { spawn } = require('child_process'); let made = 0; const kids = [];
          const next = () => { try { const k = spawn('sleep', ['5']); k.on('error', e => { console.log('stopped', e.code, made < 200); kids.forEach(k => k.kill()); process.exit() }); k.on('spawn', () => { made++; kids.push(k); next() }); } catch (e) { console.log('stopped', e.code, made < 200); process.exit() } };
          next();`,
        ]);
        expect(output).toMatch(/stopped EAGAIN true/);
      });

      test('memory and single files have an end', async () => {
        const eaten = await box.run(['node', '-e', 'const a=[];for(let i=0;i<40;i++)a.push(Buffer.alloc(32<<20,1));console.log("all")']);
        expect(eaten.output).not.toContain('all');
        const filled = await box.sh(
          'head -c 400000000 /dev/zero > big 2>/dev/null; s=$(stat -c %s big); rm -f big; test "$s" -lt 400000000',
        );
        expect(filled.code).toBe(0);
      });

      test('a program cannot end the agent', async () => {
        await box.sh('kill -STOP 1 2>/dev/null; true');
        expect((await box.sh('echo alive')).output).toBe('alive\n');
      });
    });

    test('stopping leaves nothing behind', async () => {
      const extra = await TestBox.start(driver);
      const { handle } = extra.box;
      await extra.sh('sleep 100 & sleep 0.1');
      await extra.stop();
      expect(await driver.adopt(handle)).toBeNull();
    });

    test('boxes that no session knows are reaped', async () => {
      const orphan = await TestBox.start(driver);
      orphan.agent.close();
      expect(await driver.reap(new Set([/test-[\d-]+/.exec(JSON.stringify(box.box.handle))?.[0] ?? '']))).toBeGreaterThan(0);
      expect(await driver.adopt(orphan.box.handle)).toBeNull();
    });
  });
}

/** A plain request; tries until something listens. */
async function ask(agent: AgentConnection, port: number): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await new Promise<string | null>((resolve) => {
      let text = '';
      const stream: LinkStream = agent.endpoint.open({ type: 'connect', port } satisfies StreamOpening, {
        onData: (bytes) => {
          text += new TextDecoder().decode(bytes);
          stream.taken(bytes.length);
        },
        onEnd: () => resolve(text),
        onReset: () => resolve(null),
      });
      stream.write(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    });
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return 'nobody answered';
}
