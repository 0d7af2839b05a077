import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectFolder } from './command.ts';

/** Folders whose files somebody else wrote, or a program. */
const FOREIGN = new Set(['node_modules', 'dist', 'target', 'artifacts', '.git']);

/** Files of the repository that match one of the patterns, with their paths from its root. */
export function projectFiles(...patterns: readonly string[]): readonly string[] {
  const exclude = (path: string) => FOREIGN.has(basename(path));
  return globSync(patterns, { cwd: projectFolder, exclude }).map((path) => path.replaceAll('\\', '/'));
}

export function readProjectFile(path: string): string {
  return readFileSync(join(projectFolder, path), 'utf8');
}
