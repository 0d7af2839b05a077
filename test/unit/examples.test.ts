import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';

const tsc = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');

test.each(['supervisor-assemblyscript', 'plugin-counter'])(
  'editors find no error in the AssemblyScript of the example %s',
  (example) => {
    const folder = join(projectFolder, 'examples', example);
    expect(errorsOf(folder)).toBe('');
  },
);

function errorsOf(folder: string): string {
  try {
    return execFileSync(process.execPath, [tsc, '-p', folder, '--noEmit'], { encoding: 'utf8' });
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? `${error.stdout}` : String(error);
  }
}
