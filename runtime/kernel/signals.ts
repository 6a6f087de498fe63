// Signal numbers, names and default actions of Linux. Pure.

export const signalNumbers = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGWINCH: 28,
  SIGIO: 29,
} as const;

const names = new Map<number, string>(Object.entries(signalNumbers).map(([name, number]) => [number, name]));
/** Without a handler these do nothing. */
const ignored = new Set<number>([signalNumbers.SIGCHLD, signalNumbers.SIGCONT, signalNumbers.SIGURG, signalNumbers.SIGWINCH]);
const stopping = new Set<number>([signalNumbers.SIGSTOP, signalNumbers.SIGTSTP, signalNumbers.SIGTTIN, signalNumbers.SIGTTOU]);

export function signalName(signal: number): string {
  return names.get(signal) ?? `SIG${signal}`;
}

/** Undefined for a name that Linux does not know. */
export function signalNumber(name: string): number | undefined {
  return Object.hasOwn(signalNumbers, name) ? signalNumbers[name as keyof typeof signalNumbers] : undefined;
}

export function endsProcessByDefault(signal: number): boolean {
  return !ignored.has(signal) && !stopping.has(signal);
}

export function stopsProcessByDefault(signal: number): boolean {
  return stopping.has(signal);
}
