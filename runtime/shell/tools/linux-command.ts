// A command that needs real Linux: asks for a server session, and says why and what to do where there is none.
import { isErrorCode, type PromotionRefusal, type PromotionSignal } from '#protocol';
import { needsServerBecause } from '../../kernel/boundary.ts';
import type { Tool } from '../tool.ts';

const NOT_FOUND = 127;

/** Granted, nothing behind the call runs: the command goes on in the session with the same streams. */
export const linuxCommand: Tool = async (context) => {
  const name = context.name;
  const need = needsServerBecause(name);
  const signal: PromotionSignal =
    need === null
      ? { code: 'native-binary', subject: name, because: 'it is a program for a real Linux machine' }
      : { code: 'linux-command', subject: name, because: need };
  const refusal = await context.host.call<PromotionRefusal>({ type: 'promote', signal });
  const { code, message } = refusal.error;
  context.writeError(`${name}: ${message}${isErrorCode(code) ? ` (${code})` : ''}\n`);
  return NOT_FOUND;
};
