/** What the language server answers beside the Language Server Protocol, and which sources it serves. */

/** The request for a binary module, or one of its functions, as text. */
export const MODULE_TEXT = 'lunatic/moduleText';

/** The scheme of documents that have binary modules as text. */
export const MODULE_SCHEME = 'lunatic-module';

/** The file that says how the programs of a folder run. */
export const PROJECT_FILE = 'lunatic.json';

/** All files that say how programs are built and run. */
export const PROJECT_FILES: readonly string[] = [PROJECT_FILE, 'launch.json', 'tasks.json'];

/** Characters of the longest source that is looked at: larger ones were made by programs. */
const MAX_SOURCE_LENGTH = 2 ** 20;
const IMPORTS = /wasm_import_module|import_module|@external|lunatic::/;

/** Whether a source, in any of the languages, may declare imports. Most have no need of the server. */
export function mayDeclareImports(source: string): boolean {
  return source.length <= MAX_SOURCE_LENGTH && IMPORTS.test(source);
}

export interface ModuleTextParams {
  /** The absolute path of the module. */
  readonly path: string;
  /** The index of a function. Default: the whole module. */
  readonly function?: number;
}

/** The request for the sources of which an instruction of a binary module was made. */
export const MODULE_SOURCE = 'lunatic/moduleSource';

export interface ModuleSourceParams {
  /** The absolute path of the module. */
  readonly path: string;
  /** Of the instruction, in the module. */
  readonly offset: number;
}

/** The innermost of inlined calls first. Files are named as the compiler named them; lines and columns count from 1. */
export type SourcePlaces = readonly {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}[];

export interface ModuleText {
  readonly text: string;
  /** Whether the module tells of its source. */
  readonly hasSource: boolean;
  /** By line from 0: the offset in the module of what stands there, or -1. */
  readonly offsets: readonly number[];
}
