// Words a parser's "Unexpected token" as V8 does: programs and people know those messages. Pure; runs in the process worker.
import { tokenizer, tokTypes } from 'acorn';

/** `message` with the token at `position` named, where the parser names none. */
export function asV8SaysIt(message: string, source: string, position: number): string {
  if (!/^Unexpected token(?: \(|$)/.test(message)) return message.replace(/ \(\d+:\d+\)$/, '');
  if (source.slice(position).trim() === '') return 'Unexpected end of input';
  try {
    const token = tokenizer(source.slice(position), { ecmaVersion: 'latest', sourceType: 'module' }).getToken();
    const text = source.slice(position + token.start, position + token.end);
    if (token.type === tokTypes.name) return `Unexpected identifier '${text}'`;
    if (token.type === tokTypes.num) return 'Unexpected number';
    if (token.type === tokTypes.string) return 'Unexpected string';
    return `Unexpected token '${text}'`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'Invalid or unexpected token';
  }
}
