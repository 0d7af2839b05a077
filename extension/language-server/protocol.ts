/** What the language server answers beside the Language Server Protocol. Types and names only. */

/** The request for a binary module, or one of its functions, as text. */
export const MODULE_TEXT = 'lunatic/moduleText';

/** The scheme of documents that have binary modules as text. */
export const MODULE_SCHEME = 'lunatic-module';

export interface ModuleTextParams {
  /** The absolute path of the module. */
  readonly path: string;
  /** The index of a function. Default: the whole module. */
  readonly function?: number;
}

export interface ModuleText {
  readonly text: string;
  /** By line from 0: the offset in the module of what stands there, or -1. */
  readonly offsets: readonly number[];
}
