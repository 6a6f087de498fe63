// echo: its arguments and a line break.
import type { Program } from '../programs.ts';
import { Stdio } from '../stdio.ts';

export const echo: Program = async (host) => {
  const [, ...words] = host.request.argv;
  const isBare = words[0] === '-n';
  new Stdio(host).output(`${(isBare ? words.slice(1) : words).join(' ')}${isBare ? '' : '\n'}`);
  return 0;
};
