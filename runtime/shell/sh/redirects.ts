// Redirections: opens what they name and gives the command's new descriptors. Runs in the tools worker.
import type { ProcessHost } from '../../process/host.ts';
import { absolutePath, errnoText } from '../paths.ts';
import { encodeText } from '../text.ts';
import type { Expander } from './expansion.ts';
import { ExpansionError } from './expansion-error.ts';
import type { ShellState } from './state.ts';
import { type Stream, type Streams, withStream } from './streams.ts';
import type { Redirect } from './syntax.ts';

const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
const EEXIST = -17;
const FLAGS = { '<': 0, '>': 1 | O_CREAT | O_TRUNC, '>|': 1 | O_CREAT | O_TRUNC, '>>': 1 | O_CREAT | O_APPEND, '<>': 2 | O_CREAT } as const;

export class RedirectError extends Error {}

export class Redirector {
  readonly #host: ProcessHost;
  readonly #state: ShellState;
  /** Handles to close when the command is over. */
  readonly opened: number[] = [];

  constructor(host: ProcessHost, state: ShellState) {
    this.#host = host;
    this.#state = state;
  }

  close(): void {
    for (const handle of this.opened.splice(0)) this.#host.fs.close(handle);
  }

  /** Throws {@link RedirectError} or an ExpansionError. */
  async apply(redirect: Redirect, streams: Streams, expander: Expander): Promise<Streams> {
    const { fd, operator } = redirect;
    const target = await this.#target(redirect, expander);
    switch (operator) {
      case '<<':
        return withStream(streams, fd, { kind: 'source', bytes: encodeText(target) });
      case '>&':
      case '<&':
        return this.#duplicate(fd, operator, target, streams);
      case '&>':
      case '&>>': {
        const stream = this.#open(target, operator === '&>' ? '>' : '>>', streams);
        return withStream(withStream(streams, 1, stream), 2, stream);
      }
      default:
        return withStream(streams, fd, this.#open(target, operator, streams));
    }
  }

  async #target({ operator, target }: Redirect, expander: Expander): Promise<string> {
    if (operator === '<<') return expander.text(target);
    const fields = await expander.fields([target]);
    if (fields.length > 1) throw new ExpansionError('ambiguous redirect');
    return fields[0] ?? '';
  }

  #duplicate(fd: number, operator: '>&' | '<&', target: string, streams: Streams): Streams {
    if (target === '-') return withStream(streams, fd, undefined);
    const moved = /^(\d+)(-?)$/.exec(target);
    if (moved === null) {
      if (operator === '<&') throw new RedirectError(`${target}: Bad file descriptor`);
      const stream = this.#open(target, '>', streams);
      return withStream(withStream(streams, 1, stream), 2, stream);
    }
    const from = Number(moved[1]);
    const stream = streams[from];
    if (stream === undefined) throw new RedirectError(`${from}: Bad file descriptor`);
    const result = withStream(streams, fd, stream);
    return moved[2] === '-' ? withStream(result, from, undefined) : result;
  }

  #open(file: string, operator: keyof typeof FLAGS, streams: Streams): Stream {
    const own = /^\/dev\/(?:fd\/(\d+)|std(in|out|err))$/.exec(file);
    if (own !== null) {
      const stream = streams[own[1] === undefined ? ['in', 'out', 'err'].indexOf(own[2] ?? '') : Number(own[1])];
      if (stream !== undefined) return stream;
    }
    if (file === '/dev/tty') {
      const terminal = this.#host.request.stdio.find(({ kind }) => kind === 'terminal');
      if (terminal !== undefined) return { kind: 'inherited', stdio: terminal };
    }
    const path = absolutePath(this.#state.cwd, file);
    // `set -C`: what is there already is kept, unless it is a device.
    const keeps = operator === '>' && this.#state.has('noclobber') && !path.startsWith('/dev/');
    const flags = keeps ? 1 | O_CREAT | O_EXCL : FLAGS[operator];
    const handle = file === '' ? -2 : this.#host.fs.open(path, flags, 0o666 & ~this.#state.umask);
    if (handle < 0)
      throw new RedirectError(keeps && handle === EEXIST ? `cannot create ${file}: File exists` : reason(file, operator, handle));
    this.opened.push(handle);
    return { kind: 'file', handle };
  }
}

function reason(file: string, operator: string, errno: number): string {
  if (errno === -2) return operator === '<' ? `cannot open ${file}: No such file` : `cannot create ${file}: Directory nonexistent`;
  return `${operator === '<' ? 'cannot open' : 'cannot create'} ${file}: ${errnoText(errno)}`;
}
