// awk's regular expressions, translated once each.
import { extendedExpression } from '../../regular-expression.ts';
import { AwkSyntaxError } from './syntax.ts';

export type AwkRegex = RegExp;

const MAX_CACHED = 500;
const cache = new Map<string, AwkRegex>();

export function awkRegex(source: string): AwkRegex {
  const known = cache.get(source);
  if (known !== undefined) return known;
  if (cache.size >= MAX_CACHED) cache.clear();
  try {
    // JavaScript reports captured groups in `split`; awk has no use for groups.
    const compiled = extendedExpression(source);
    const plain = new RegExp(compiled.source.replaceAll(/(?<!\\)((?:\\\\)*)\((?!\?)/g, '$1(?:'), 'u');
    cache.set(source, plain);
    return plain;
  } catch (error) {
    if (error instanceof SyntaxError) throw new AwkSyntaxError(`bad regular expression /${source}/`);
    throw error;
  }
}

/** `null`: by runs of blanks. */
export function fieldSplitter(separator: string, isParagraph = false): AwkRegex | null {
  if (separator === ' ') return null;
  const source =
    separator.length === 1 && separator !== '\\' ? (separator === '\t' ? '\\t' : `[${separator === '^' ? '\\^' : separator}]`) : separator;
  if (separator === '') return /(?:)/u;
  const base = separator.length === 1 ? new RegExp(separator.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'u') : awkRegex(source);
  return isParagraph ? new RegExp(`${base.source}|\\n`, 'u') : base;
}
