import { parse, TomlError, type TomlTable } from 'smol-toml';
import { ProjectFileError } from './project-file-error.ts';

/**
 * Parses a file of cargo.
 * @throws ProjectFileError that says in which line and column the fault is
 */
export function parseToml(path: string, text: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.split('\n');
    throw new ProjectFileError(`${path}:${error.line}:${error.column}: ${what}`, { cause: error });
  }
}
