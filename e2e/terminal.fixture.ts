// A terminal of the workspace as a person uses it: keys in, the text of the screen out.
import type { Page } from 'playwright';

interface OpenTerminal {
  readonly write: (text: string) => Promise<void>;
  text: string;
  code: number | null | undefined;
}

declare global {
  // oxlint-disable-next-line no-var
  var openTerminals: Map<string, OpenTerminal>;
}

export class TestTerminal {
  readonly #page: Page;
  readonly #id: string;
  #seen = 0;

  private constructor(page: Page, id: string) {
    this.#page = page;
    this.#id = id;
  }

  static async open(page: Page, command = 'sh', args: readonly string[] = []): Promise<TestTerminal> {
    const id = await page.evaluate(openInPage, { command, args: [...args] });
    return new TestTerminal(page, id);
  }

  async type(text: string): Promise<void> {
    this.#seen = (await this.text()).length;
    await this.#page.evaluate(([id, typed]) => globalThis.openTerminals.get(id)?.write(typed), [this.#id, text] as const);
  }

  async text(): Promise<string> {
    return this.#page.evaluate((id) => globalThis.openTerminals.get(id)?.text ?? '', this.#id);
  }

  /** Waits until what came since the last {@link type} has the text; returns all of that. */
  async shows(text: string, timeoutMs = 10_000): Promise<string> {
    const from = this.#seen;
    await this.#page.waitForFunction(
      ([id, wanted, start]) => (globalThis.openTerminals.get(id)?.text ?? '').slice(start).includes(wanted),
      [this.#id, text, from] as const,
      { timeout: timeoutMs },
    );
    return (await this.text()).slice(from);
  }

  /** The exit code once the program ended. */
  async ended(): Promise<number | null> {
    await this.#page.waitForFunction((id) => globalThis.openTerminals.get(id)?.code !== undefined, this.#id);
    return this.#page.evaluate((id) => globalThis.openTerminals.get(id)?.code ?? null, this.#id);
  }
}

async function openInPage({ command, args }: { command: string; args: string[] }): Promise<string> {
  globalThis.openTerminals ??= new Map();
  const process = await globalThis.harnessRuntime.spawn(command, args, { terminal: { columns: 80, rows: 24 } });
  const writer = process.input.getWriter();
  const encoder = new TextEncoder();
  const id = crypto.randomUUID();
  const terminal: OpenTerminal = { text: '', code: undefined, write: (text) => writer.write(encoder.encode(text)) };
  globalThis.openTerminals.set(id, terminal);
  const decoder = new TextDecoder();
  void (async () => {
    const reader = process.output.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read())
      terminal.text += decoder.decode(next.value, { stream: true });
  })();
  void process.exit.then(({ code }) => (terminal.code = code));
  return id;
}
