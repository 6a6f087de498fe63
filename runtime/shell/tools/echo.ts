// echo in its three dialects: dash's (escapes, only -n), bash's and coreutils' (-n -e -E). Pure.
import { echoEscapes } from '../sh/ansi-escapes.ts';

export function formatEcho(args: readonly string[], dialect: 'dash' | 'bash'): string {
  let hasNewline = true;
  let interprets = dialect === 'dash';
  let index = 0;
  for (; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (!(dialect === 'dash' ? arg === '-n' && index === 0 : /^-[neE]+$/.test(arg))) break;
    for (const letter of arg.slice(1)) {
      if (letter === 'n') hasNewline = false;
      else interprets = letter === 'e';
    }
  }
  const text = args.slice(index).join(' ');
  if (!interprets) return `${text}${hasNewline ? '\n' : ''}`;
  const { text: result, isEnded } = echoEscapes(text);
  return `${result}${hasNewline && !isEnded ? '\n' : ''}`;
}
