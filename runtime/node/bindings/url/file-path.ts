// Percent-encoding of file paths for `file:` URLs: what the URL parser would take for syntax. Pure.
const ESCAPES: Readonly<Record<string, string>> = {
  '%': '%25',
  '\\': '%5C',
  '\n': '%0A',
  '\r': '%0D',
  '\t': '%09',
  '?': '%3F',
  '#': '%23',
};

/** Windows paths keep their backslashes, which the URL parser turns into slashes. */
export function encodeFilePath(path: string, isWindows: boolean): string {
  return path.replace(/[%\\\n\r\t?#]/g, (letter) => (isWindows && letter === '\\' ? letter : (ESCAPES[letter] ?? letter)));
}
