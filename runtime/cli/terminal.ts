import { fstatSync } from 'node:fs';

/** Whether a descriptor is a terminal. Most are not, which is found out without loading `node:tty`. */
export function isTerminal(fd: number): boolean {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    // The descriptor is closed.
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}
