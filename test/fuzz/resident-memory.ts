/** Bytes that this OS process has in memory, after garbage has been collected. */
export function residentMemory(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
