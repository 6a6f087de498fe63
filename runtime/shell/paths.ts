// Paths and the texts of error numbers, as all programs need them. Pure.

export function absolutePath(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
}

/** Without `.`, `..` and doubled slashes; links are not looked at. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

export function baseName(path: string): string {
  const plain = path.replace(/(?<=.)\/+$/, '');
  return plain === '/' ? '/' : plain.slice(plain.lastIndexOf('/') + 1);
}

const MESSAGES: Readonly<Record<number, string>> = {
  [-1]: 'Operation not permitted',
  [-2]: 'No such file or directory',
  [-3]: 'No such process',
  [-8]: 'Exec format error',
  [-9]: 'Bad file descriptor',
  [-11]: 'Resource temporarily unavailable',
  [-13]: 'Permission denied',
  [-16]: 'Device or resource busy',
  [-17]: 'File exists',
  [-20]: 'Not a directory',
  [-21]: 'Is a directory',
  [-22]: 'Invalid argument',
  [-26]: 'Text file busy',
  [-28]: 'No space left on device',
  [-30]: 'Read-only file system',
  [-36]: 'File name too long',
  [-39]: 'Directory not empty',
  [-40]: 'Too many levels of symbolic links',
  [-111]: 'Connection refused',
};

export function errnoText(errno: number): string {
  return MESSAGES[errno] ?? `error ${-errno}`;
}
