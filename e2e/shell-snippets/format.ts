// The snippet tables: plain shell text, one snippet per `### name`. Read by the recorder and by the test.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Snippet {
  readonly name: string;
  /** `sh` is dash where it was recorded, `bash` is GNU bash. */
  readonly shell: 'sh' | 'bash';
  readonly script: string;
}

export interface Recording {
  readonly stdout: string;
  readonly code: number;
}

const TABLES = { 'posix.sh.txt': 'sh', 'bash.sh.txt': 'bash', 'tools.sh.txt': 'sh' } as const;

/** What both sides set, and nothing else but PATH. */
export const ENVIRONMENT = { LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: '/home/user' } as const;
export const recordingsFile = path.join(import.meta.dirname, 'recorded.json');

export function readSnippets(): Snippet[] {
  return Object.entries(TABLES).flatMap(([file, shell]) => {
    const sections = readFileSync(path.join(import.meta.dirname, file), 'utf8')
      .split(/^### /m)
      .slice(1);
    return sections.map((section) => {
      const end = section.indexOf('\n');
      return { name: `${file.split('.')[0]}: ${section.slice(0, end)}`, shell, script: section.slice(end + 1) };
    });
  });
}

export function readRecordings(): Record<string, Recording> {
  return JSON.parse(readFileSync(recordingsFile, 'utf8')) as Record<string, Recording>;
}
