// What a workspace's key becomes: a file name, the name of its lock, and of the channel on which tabs talk about it. Pure.

/** A file name that any key fits into, and back. */
export function folderOf(key: string): string {
  return `w-${encodeURIComponent(key).replaceAll('.', '%2E').replaceAll('*', '%2A')}`;
}

export function keyOf(folder: string): string | null {
  try {
    return folder.startsWith('w-') ? decodeURIComponent(folder.slice(2)) : null;
  } catch {
    return null; // not a name of ours
  }
}

/** Held by the tab that writes the workspace. */
export function lockName(folder: string): string {
  return `verklet-workspace:${folder}`;
}

export function channelName(folder: string): string {
  return `verklet-workspace:${folder}`;
}
