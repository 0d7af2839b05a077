/** More bytes than any module needs. */
let left = Number.POSITIVE_INFINITY;

/** A module needs more memory to be read and rewritten than it may have. */
export class WorkMemoryError extends Error {
  override readonly name = 'WorkMemoryError';
  readonly code = 'LUNATIC_WORK_MEMORY';

  constructor() {
    super('reading and rewriting the module takes too much memory');
  }
}

/**
 * Limits the bytes that growing lists and buffers take from now on: some code takes seventy times as much as itself. What is freed
 * does not come back.
 */
export function limitWorkMemory(bytes: number): void {
  left = bytes;
}

/** Called before a list or a buffer grows. Throws a WorkMemoryError if that is too much. */
export function takeWorkMemory(bytes: number): void {
  left -= bytes;
  if (left < 0) throw new WorkMemoryError();
}
