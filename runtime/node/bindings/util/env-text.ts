// Reads the text of an `.env` file the way Node's native parser does.

const LINE = /^\s*(?:export\s+)?([^=\s#]+)\s*=[^\S\n]*(?:'((?:[^'])*)'|"((?:[^"])*)"|`((?:[^`])*)`|([^#\n]*))/gm;

export function parseEnvText(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, key = '', single, double, backtick, bare = ''] of text.replaceAll('\r\n', '\n').matchAll(LINE)) {
    values[key] = single ?? double?.replaceAll('\\n', '\n') ?? backtick ?? bare.trim();
  }
  return values;
}
