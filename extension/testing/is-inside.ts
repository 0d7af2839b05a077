import { isAbsolute, relative } from 'node:path';

/** Whether a file is in a folder, or in one inside of it. */
export function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return !/^\.\.([\\/]|$)/.test(path) && !isAbsolute(path);
}
