import { fstatSync } from 'node:fs';

/** Whether a descriptor is a terminal. Most are not, and that is found without loading what knows terminals. */
export function isTerminal(fd: number): boolean {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    // It is closed.
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}
