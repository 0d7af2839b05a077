import type { HOST_FUNCTIONS, TextPlace } from '../../../runtime/internal.ts';

export type HostType = (typeof HOST_FUNCTIONS)[number]['params'][number];

/** A type as a source writes it. */
export interface DeclaredType extends TextPlace {
  /** What it is in wasm: nothing, or null if only the compiler knows. */
  readonly type: HostType | 'nothing' | null;
}

/** The name of a module or a function, and where it stands: between quotes, or as the identifier. */
export interface ImportedName extends TextPlace {
  readonly text: string;
  /** What the name begins with that does not stand there, but in a macro. */
  readonly prefix?: string;
}

/** A function that a source says to be imported. */
export interface DeclaredImport {
  readonly module: ImportedName;
  readonly name: ImportedName;
  /** The identifier that the source calls it by. */
  readonly identifier: ImportedName;
  readonly params: readonly DeclaredType[];
  /** The list of parameters, with its brackets. */
  readonly list: TextPlace;
  /** Undefined where none is written. */
  readonly result: DeclaredType | undefined;
}
