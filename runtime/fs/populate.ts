// The tree a workspace starts with: folders, devices, user database, and one file per built-in program.
import { DEVICES } from './devices.ts';
import type { SharedFileSystem } from './shared-file-system.ts';

const ROOT_UID = 0;
const USER_UID = 1000;

const SYSTEM_FOLDERS = [
  '/usr',
  '/usr/bin',
  '/usr/lib',
  '/usr/share',
  '/etc',
  '/home',
  '/dev',
  '/root',
  '/proc',
  '/proc/sys',
  '/proc/sys/kernel',
];

const FILES: Readonly<Record<string, string>> = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n',
  '/etc/group': 'root:x:0:\nuser:x:1000:\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\tverklet\n',
  '/etc/hostname': 'verklet\n',
  '/proc/sys/kernel/hostname': 'verklet\n',
  '/etc/resolv.conf': '',
  '/etc/shells': '/bin/sh\n',
  '/etc/os-release': 'NAME="Verklet"\nID=verklet\nPRETTY_NAME="Verklet"\n',
};

/** `programs` become executables in /usr/bin whose content is `magic` and the name; `extra` are texts by path, folders included. */
export function populate(
  fs: SharedFileSystem,
  programs: readonly string[],
  magic: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  const encoder = new TextEncoder();
  const system: string[] = ['/'];
  const own = (path: string, error: number): void => {
    if (error < 0) throw new Error(`The initial tree could not be made: ${path}, errno ${error}`);
    system.push(path);
  };
  // Everything is the user's while it is made, and the system's afterwards.
  fs.setOwner('/', USER_UID);
  for (const folder of SYSTEM_FOLDERS) own(folder, fs.mkdir(folder, folder === '/root' ? 0o700 : 0o755));
  own('/tmp', fs.mkdir('/tmp', 0o1777));
  own('/run', fs.mkdir('/run', 0o755));
  // Where a server session leaves its mark.
  fs.mkdir('/run/verklet', 0o755);
  fs.mkdir('/home/user', 0o755);
  // Global packages of the one user there is.
  for (const folder of ['/usr/local', '/usr/local/bin', '/usr/local/lib']) fs.mkdir(folder, 0o755);
  fs.mkdir('/workdir', 0o755);
  own('/bin', fs.symlink('usr/bin', '/bin'));
  own('/lib', fs.symlink('usr/lib', '/lib'));
  for (const [name, rdev] of Object.entries(DEVICES)) own(`/dev/${name}`, fs.makeDevice(`/dev/${name}`, 0o666, rdev));
  for (const [path, text] of Object.entries(FILES)) own(path, fs.writeFile(path, encoder.encode(text), 0o644));
  for (const name of programs) own(`/usr/bin/${name}`, fs.writeFile(`/usr/bin/${name}`, encoder.encode(`${magic}${name}`), 0o755));
  for (const [path, text] of Object.entries(extra)) {
    fs.mkdirAll(path.slice(0, path.lastIndexOf('/')), 0o755);
    own(path, fs.writeFile(path, encoder.encode(text), text.startsWith('#!') ? 0o755 : 0o644));
  }
  for (const path of system) fs.setOwner(path, ROOT_UID);
}
