// What a preview must carry, on both host layouts: the preview host on the app's site and on a site of its own.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Frame } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';

const program = readFileSync(path.join(import.meta.dirname, 'programs/preview-server.cjs'), 'utf8');

for (const previewHost of ['preview.verklet.localhost', 'xpreview.localhost']) {
  test.describe(`previews on ${previewHost}`, () => {
    test.describe.configure({ mode: 'serial' });
    let harness: Harness;
    let frame: Frame;

    test.beforeAll(async () => {
      harness = await launchRuntime({ previewHost });
      await harness.fs.writeFile('/workdir/server.cjs', program);
      frame = await openPreview(harness);
    });
    test.afterAll(() => harness.close());

    test('a page of the server shows in the frame', async () => {
      await expect(frame.locator('h1')).toHaveText('hello preview');
    });

    test('a 10 MB download is byte-exact', async () => {
      const result = await frame.evaluate(async () => {
        const bytes = new Uint8Array(await (await fetch('/big')).arrayBuffer());
        const view = new DataView(bytes.buffer);
        let wrong = 0;
        for (let i = 0; i < bytes.length; i += 4) if (view.getUint32(i, true) !== Math.imul(i, 2654435761) >>> 0) wrong += 1;
        return { size: bytes.length, wrong };
      });
      expect(result).toEqual({ size: 10 * 1024 * 1024, wrong: 0 });
    });

    test('a 10 MB upload is byte-exact', async () => {
      const { ours, theirs } = await frame.evaluate(async () => {
        const bytes = new Uint8Array(10 * 1024 * 1024);
        for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) & 255;
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        const answer = await (await fetch('/digest', { method: 'POST', body: bytes })).json();
        return {
          ours: { size: bytes.length, sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') },
          theirs: answer,
        };
      });
      expect(theirs).toEqual(ours);
    });

    test('a range is answered with 206 and the right bytes', async () => {
      const result = await frame.evaluate(async () => {
        const response = await fetch('/range', { headers: { range: 'bytes=4-7' } });
        const view = new DataView(await response.arrayBuffer());
        return { status: response.status, range: response.headers.get('content-range'), word: view.getUint32(0, true) };
      });
      expect(result).toEqual({ status: 206, range: 'bytes 4-7/10485760', word: Math.imul(4, 2654435761) >>> 0 });
    });

    test('redirects are followed by fetches and by navigations', async () => {
      expect(await frame.evaluate(async () => new URL((await fetch('/redirect')).url).pathname)).toBe('/landed');
      await navigate(frame, '/redirect');
      expect(await frame.title()).toBe('landed');
    });

    test('a form is posted as a navigation', async () => {
      await navigate(frame, '/');
      await frame.evaluate(() => {
        document.body.innerHTML = '<form method="post" action="/form"><input name="a" value="1"></form>';
        document.querySelector('form')?.submit();
      });
      await frame.waitForURL('**/form');
      await expect(frame.locator('p')).toHaveText('POST a=1');
    });

    test('cookies come back to the server and, unless HttpOnly, to the script', async () => {
      await navigate(frame, '/login');
      expect(await frame.evaluate(() => document.cookie)).toBe('visible=1');
      expect(await frame.evaluate(async () => (await (await fetch('/cookies')).json()).cookie)).toBe('visible=1; hidden=2');
      await frame.evaluate(() => (document.cookie = 'script=3; path=/'));
      expect(await frame.evaluate(() => document.cookie)).toContain('script=3');
      expect(await frame.evaluate(async () => (await (await fetch('/cookies')).json()).cookie)).toContain('script=3');
    });

    test('a WebSocket echoes text and bytes, and closes cleanly', async () => {
      const result = await frame.evaluate(async () => {
        const socket = new WebSocket(`ws://${location.host}/socket`);
        socket.binaryType = 'arraybuffer';
        const next = (): Promise<MessageEvent> => new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
        await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
        socket.send('hello');
        const text = (await next()).data;
        socket.send(new Uint8Array([1, 2, 3]));
        const bytes = Array.from(new Uint8Array((await next()).data));
        const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve, { once: true }));
        socket.close(1000);
        const { code, wasClean } = await closed;
        return { text, bytes, code, wasClean };
      });
      expect(result).toEqual({ text: 'hello', bytes: [1, 2, 3], code: 1000, wasClean: true });
    });

    test('an event stream arrives event by event', async () => {
      const times = await frame.evaluate(async () => {
        const source = new EventSource('/events');
        const at: number[] = [];
        const startedAt = performance.now();
        await new Promise<void>((resolve) => {
          source.onmessage = (): void => {
            at.push(performance.now() - startedAt);
            if (at.length === 2) resolve();
          };
        });
        source.close();
        return at;
      });
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1000);
    });

    test('an aborted request reaches the server as a closed connection', async () => {
      await frame.evaluate(async () => {
        const controller = new AbortController();
        const request = fetch('/slow', { signal: controller.signal }).catch(() => undefined);
        setTimeout(() => controller.abort(), 300);
        await request;
      });
      await expect.poll(() => frame.evaluate(async () => (await (await fetch('/aborted')).json()).aborted)).toBeGreaterThan(0);
    });

    test('when the server ends, the preview says so', async () => {
      await frame.evaluate(() => fetch('/exit').catch(() => undefined));
      await expect.poll(() => frame.evaluate(async () => (await fetch('/')).status)).toBeGreaterThanOrEqual(502);
    });
  });
}

async function openPreview(harness: Harness): Promise<Frame> {
  const { page } = harness;
  const url = await page.evaluate(async () => {
    const runtime = globalThis.harnessRuntime;
    void runtime.spawn('node', ['server.cjs']);
    await runtime.ports.waitFor(3000);
    const preview = runtime.preview(3000);
    document.body.append(preview.createFrame('/'));
    return preview.url;
  });
  const origin = new URL(url).origin;
  const find = (): Frame | undefined =>
    page.frames().find((frame) => frame.url().startsWith(origin) && !frame.url().includes('/__verklet/'));
  await expect
    .poll(
      async () =>
        (await find()
          ?.title()
          .catch(() => '')) ?? '',
      { timeout: 20_000 },
    )
    .toBe('home');
  const frame = find();
  if (!frame) throw new Error('the preview frame is gone');
  return frame;
}

async function navigate(frame: Frame, pathname: string): Promise<void> {
  await frame.goto(new URL(pathname, frame.url()).href);
}
