// Runs projects of real-projects.json in the tab: writes their files, installs as a user would, runs their commands, compares
// what is seen. `npm run real-projects [-- id...]` runs all of them and prints a table.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { launchRuntime, type Harness } from './harness.ts';

const DEFAULT_TIMEOUT_MS = 120_000;
const POLL_MS = 250;
const FIRST_PORT = 4200;

type Text = string | { readonly anyOf: readonly string[] };

interface HttpExpectation {
  readonly method: string;
  readonly path: string;
  readonly json?: unknown;
  readonly status: number;
  readonly bodyIncludes?: Text;
  readonly bodyIs?: string;
}

/** What the project's page shows in the preview, and after an edit while the server runs. */
interface PageExpectation {
  readonly path: string;
  /** A selector and the text it must have. */
  readonly sees: readonly [selector: string, text: string];
  /** Clicked before the edit, and what it says then: after a hot update it still says so. */
  readonly clicks?: readonly [selector: string, text: string];
  readonly edit?: { readonly file: string; readonly from: string; readonly to: string };
  readonly seesThen?: readonly [selector: string, text: string];
  /** Whether the update keeps what the click did; `false`: the page is loaded anew. */
  readonly keepsState?: boolean;
}

interface ProjectCommand {
  readonly run: string;
  readonly kind: 'exit' | 'server';
  readonly timeoutSeconds?: number;
  readonly expect: {
    readonly exit?: number;
    readonly stdoutIncludes?: Text;
    readonly stderrIncludes?: Text;
    readonly outputIncludes?: Text;
    readonly filesInclude?: Readonly<Record<string, string>>;
    readonly http?: readonly HttpExpectation[];
    readonly page?: PageExpectation;
    readonly whileRunning?: { readonly run: string; readonly stdoutIncludes: Text };
  };
}

export interface RealProject {
  readonly id: string;
  readonly packageJson: object;
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly commands: readonly ProjectCommand[];
  readonly expectedVerdict: string;
}

export interface CommandResult {
  readonly run: string;
  /** What differs from the expectation; empty when all of it was seen. */
  readonly problems: readonly string[];
  readonly durationMs: number;
  readonly output: string;
}

export const realProjects = (
  JSON.parse(readFileSync(path.join(import.meta.dirname, 'real-projects.json'), 'utf8')) as { projects: RealProject[] }
).projects;

let nextPort = FIRST_PORT;

/** Installs the project below /workdir and runs its commands one after the other. The first result is the installation's. */
export async function runProject(runtime: Harness, project: RealProject): Promise<CommandResult[]> {
  const folder = `/workdir/${project.id}`;
  await runtime.fs.mkdir(folder);
  await runtime.fs.writeFile(`${folder}/package.json`, JSON.stringify(project.packageJson, null, 2));
  for (const [name, text] of Object.entries(project.files)) {
    if (name.includes('/')) await runtime.fs.mkdir(`${folder}/${name.slice(0, name.lastIndexOf('/'))}`);
    await runtime.fs.writeFile(`${folder}/${name}`, text);
  }
  const results = [await runToExit(runtime, folder, project, { run: 'npm install', kind: 'exit', expect: { exit: 0 } })];
  if (results[0]?.problems.length !== 0) return results;
  for (const command of project.commands)
    results.push(await (command.kind === 'exit' ? runToExit : runServer)(runtime, folder, project, command));
  return results;
}

function environment(folder: string, project: RealProject, port: number): Record<string, string> {
  return { ...project.env, PORT: String(port), PATH: `${folder}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin` };
}

async function runToExit(runtime: Harness, folder: string, project: RealProject, command: ProjectCommand): Promise<CommandResult> {
  const { expect } = command;
  const startedAtMs = performance.now();
  const result = await runtime.spawn('sh', ['-c', command.run], {
    cwd: folder,
    env: environment(folder, project, nextPort++),
    timeoutMs: timeoutOf(command),
  });
  const [stdout, stderr] = [plain(result.stdout), plain(result.stderr)];
  const problems: string[] = [];
  if (result.timedOut) problems.push(`did not end within ${timeoutOf(command) / 1000} s`);
  else if (expect.exit !== undefined && result.code !== expect.exit) problems.push(`exit code ${result.code}, not ${expect.exit}`);
  problems.push(...missing('stdout', stdout, expect.stdoutIncludes), ...missing('stderr', stderr, expect.stderrIncludes));
  for (const [name, text] of Object.entries(expect.filesInclude ?? {})) {
    const content = await runtime.fs.readFile(`${folder}/${name}`).then(String, () => null);
    if (content === null) problems.push(`${name} is not there`);
    else problems.push(...missing(name, content, text));
  }
  return { run: command.run, problems, durationMs: performance.now() - startedAtMs, output: stdout + stderr };
}

async function runServer(runtime: Harness, folder: string, project: RealProject, command: ProjectCommand): Promise<CommandResult> {
  const port = nextPort++;
  const startedAtMs = performance.now();
  const [program = '', ...args] = command.run.replaceAll('$PORT', String(port)).split(' ');
  const stop = new AbortController();
  let output = '';
  const state = { isOver: false };
  const ended = runtime
    .spawn(program, args, {
      cwd: folder,
      env: environment(folder, project, port),
      signal: stop.signal,
      onOutput: (_stream, bytes) => (output += plain(bytes)),
    })
    .then((result) => {
      state.isOver = true;
      return result;
    });
  const problems: string[] = [];
  const deadline = performance.now() + timeoutOf(command);
  const isListening = async (): Promise<boolean> =>
    runtime.fetchPreview(port, '/').then(
      () => true,
      () => false,
    );
  while (!state.isOver && performance.now() < deadline && !(await isListening())) await delay(POLL_MS);
  if (state.isOver) problems.push(`ended with ${(await ended).code ?? 'a signal'} before it listened`);
  else if (performance.now() >= deadline) problems.push(`did not listen within ${timeoutOf(command) / 1000} s`);
  else {
    for (const expected of command.expect.http ?? []) problems.push(...(await compareHttp(runtime, port, expected)));
    const { whileRunning, page } = command.expect;
    if (page !== undefined) problems.push(...(await comparePage(runtime, folder, port, page)));
    if (whileRunning !== undefined) {
      const beside = await runtime.spawn('sh', ['-c', whileRunning.run], {
        cwd: folder,
        env: environment(folder, project, port),
        timeoutMs: DEFAULT_TIMEOUT_MS,
      });
      problems.push(...missing(whileRunning.run, plain(beside.stdout) + plain(beside.stderr), whileRunning.stdoutIncludes));
    }
    problems.push(...missing('output', output, command.expect.outputIncludes));
  }
  const durationMs = performance.now() - startedAtMs;
  stop.abort();
  await Promise.race([ended, delay(6000)]);
  return { run: command.run, problems, durationMs, output };
}

async function compareHttp(runtime: Harness, port: number, expected: HttpExpectation): Promise<string[]> {
  const label = `${expected.method} ${expected.path}`;
  try {
    const answer = await runtime.fetchPreview(port, expected.path, {
      method: expected.method,
      ...(expected.json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(expected.json) }),
    });
    const body = answer.body.toString();
    const problems = answer.status === expected.status ? [] : [`${label}: status ${answer.status}, not ${expected.status}`];
    if (expected.bodyIs !== undefined && body !== expected.bodyIs) problems.push(`${label}: body is ${excerpt(body)}`);
    return [...problems, ...missing(label, body, expected.bodyIncludes)];
  } catch (error) {
    return [`${label}: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`];
  }
}

/** Looks at the server's page in a preview frame; a page that is edited must change without being loaded again. */
async function comparePage(runtime: Harness, folder: string, port: number, expected: PageExpectation): Promise<string[]> {
  await runtime.page.evaluate(
    ([number, path]) => {
      const frame = globalThis.harnessRuntime.preview(number).createFrame(path);
      frame.id = 'project-page';
      document.body.append(frame);
    },
    [port, expected.path] as const,
  );
  const frame = runtime.page.frameLocator('#project-page');
  const problems: string[] = [];
  const see = async (when: string, wanted: readonly [selector: string, text: string]): Promise<void> => {
    const deadline = performance.now() + DEFAULT_TIMEOUT_MS / 2;
    const read = async (): Promise<string> =>
      frame
        .locator(wanted[0])
        .first()
        .innerText({ timeout: 1000 })
        .catch(() => '');
    let text = await read();
    while (!text.includes(wanted[1]) && performance.now() < deadline) {
      await delay(POLL_MS);
      text = await read();
    }
    if (!text.includes(wanted[1])) problems.push(`${when}: ${wanted[0]} shows ${excerpt(text)}, not ${JSON.stringify(wanted[1])}`);
  };
  await see('page', expected.sees);
  const { clicks, edit, seesThen, keepsState = true } = expected;
  if (problems.length === 0 && clicks !== undefined) {
    // The page may not be hydrated yet: then the click does nothing.
    const button = frame.locator(clicks[0]).first();
    for (let tries = 0; tries < 20 && !(await button.innerText()).includes(clicks[1]); tries++) {
      await button.click();
      await delay(POLL_MS);
    }
    await see('click', clicks);
  }
  if (problems.length === 0 && edit !== undefined && seesThen !== undefined) {
    const before = String(await runtime.fs.readFile(`${folder}/${edit.file}`));
    await runtime.fs.writeFile(`${folder}/${edit.file}`, before.replace(edit.from, edit.to));
    await see('edit', seesThen);
    if (clicks !== undefined && keepsState) await see('state after the edit', clicks);
    await runtime.fs.writeFile(`${folder}/${edit.file}`, before);
  }
  await runtime.page.evaluate(() => document.querySelector('#project-page')?.remove());
  return problems;
}

function missing(where: string, content: string, wanted: Text | undefined): string[] {
  if (wanted === undefined) return [];
  const choices = typeof wanted === 'string' ? [wanted] : wanted.anyOf;
  return choices.some((choice) => content.includes(choice)) ? [] : [`${where} lacks ${JSON.stringify(choices[0])}: ${excerpt(content)}`];
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 200)} ... ${text.slice(-200)}` : text);
}

/** Without colours. */
function plain(bytes: Buffer): string {
  // oxlint-disable-next-line no-control-regex
  return bytes.toString().replace(/\u001b\[[\d;]*[A-Za-z]/g, '');
}

function timeoutOf({ timeoutSeconds }: ProjectCommand): number {
  return timeoutSeconds === undefined ? DEFAULT_TIMEOUT_MS : timeoutSeconds * 1000;
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

async function main(ids: readonly string[]): Promise<number> {
  let failures = 0;
  for (const project of realProjects.filter(({ id }) => ids.length === 0 || ids.includes(id))) {
    await using runtime = await launchRuntime();
    for (const { run, problems, durationMs, output } of await runProject(runtime, project)) {
      const isExpected = problems.length === 0;
      console.log(`${isExpected ? 'ok  ' : 'FAIL'} ${project.id}: ${run} (${(durationMs / 1000).toFixed(1)} s)`);
      for (const problem of problems) console.log(`     ${problem}`);
      if (!isExpected && ids.length > 0) console.log(output);
      if (!isExpected && !project.expectedVerdict.startsWith('promote')) failures++;
    }
  }
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
