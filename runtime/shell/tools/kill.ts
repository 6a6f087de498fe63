// kill as a program, and the reading of its arguments for the builtin. Runs in the tools worker.
import { signalNumber, signalNumbers } from '../../kernel/signals.ts';
import type { Tool } from '../tool.ts';

export interface KillCall {
  readonly signal: number;
  readonly targets: readonly string[];
  readonly problem: string | null;
}

export function parseSignal(args: readonly string[]): KillCall {
  const [first = '', second = ''] = args;
  const isNamed = first === '-s' || first === '-n';
  const name = isNamed ? second : /^-\w+$/.test(first) && args.length > 1 ? first.slice(1) : null;
  const targets = args.slice(name === null ? 0 : isNamed ? 2 : 1).filter((arg) => arg !== '--');
  if (name === null) return { signal: signalNumbers.SIGTERM, targets, problem: null };
  const signal = signalOf(name);
  return { signal: signal ?? 0, targets, problem: signal === null ? `${name}: invalid signal specification` : null };
}

export function signalOf(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  return signalNumber(`SIG${text.toUpperCase().replace(/^SIG/, '')}`) ?? null;
}

export const kill: Tool = ({ name, args, host, write, writeError }) => {
  if (args[0] === '-l') {
    write(
      `${Object.keys(signalNumbers)
        .map((one) => one.slice(3))
        .join(' ')}\n`,
    );
    return 0;
  }
  const { signal, targets, problem } = parseSignal(args);
  if (problem !== null || targets.length === 0) {
    writeError(`${name}: ${problem ?? 'not enough arguments'}\n`);
    return 1;
  }
  let status = 0;
  for (const target of targets) {
    if (/^-?\d+$/.test(target) && host.callSync({ type: 'kill', pid: Number(target), signal }) >= 0) continue;
    writeError(`${name}: (${target}) - No such process\n`);
    status = 1;
  }
  return status;
};
