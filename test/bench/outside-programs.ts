import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The environment variable that names a folder with programs that are not part of the project. */
const VARIABLE = 'LUNATIC_PROGRAMS';

const folder = process.env[VARIABLE] ?? '';

/** The path of such a program. It need not be there, see `programIsMissing`. */
export function outsideProgram(file: string): string {
  return join(folder, file);
}

/** Why rows with a program are left out; null if it is there. */
export function programIsMissing(file: string): string | null {
  return folder !== '' && existsSync(outsideProgram(file))
    ? null
    : `${VARIABLE} names no folder with ${file}`;
}
