// Sizes and spans of time in words.

export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} bytes`;
  return sizeBytes < 1024 ** 2 ? `${Math.ceil(sizeBytes / 1024)} KiB` : `${(sizeBytes / 1024 ** 2).toFixed(1)} MiB`;
}

export function formatSpan(spanMs: number): string {
  const minutes = Math.max(0, Math.round(spanMs / 60_000));
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
