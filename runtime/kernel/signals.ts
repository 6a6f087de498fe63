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
/** Without a handler these do nothing; stopping is not implemented, so stop signals are ignored as well. */
const ignored = new Set<number>([17, 18, 19, 20, 21, 22, 23, 28]);

export function signalName(signal: number): string {
  return names.get(signal) ?? `SIG${signal}`;
}

/** Undefined for a name that Linux does not know. */
export function signalNumber(name: string): number | undefined {
  return Object.hasOwn(signalNumbers, name) ? signalNumbers[name as keyof typeof signalNumbers] : undefined;
}

export function endsProcessByDefault(signal: number): boolean {
  return !ignored.has(signal);
}
