import { fstatSync } from 'node:fs';

/** Major numbers of devices in Linux: what is no terminal, such as `/dev/null`, and pseudo terminals. */
const MEMORY_DEVICE = 1;
const FIRST_PSEUDO_TERMINAL = 136;
const LAST_PSEUDO_TERMINAL = 143;

/** Whether a descriptor is a terminal. Most often that is found out without `node:tty`, which takes five milliseconds to load. */
export function isTerminal(fd: number): boolean {
  let device: number;
  try {
    const found = fstatSync(fd);
    if (!found.isCharacterDevice()) return false;
    device = found.rdev;
  } catch {
    // The descriptor is closed.
    return false;
  }
  if (process.platform === 'linux') {
    const major = (device >>> 8) & 0xfff;
    if (major === MEMORY_DEVICE) return false;
    if (major >= FIRST_PSEUDO_TERMINAL && major <= LAST_PSEUDO_TERMINAL) return true;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}
