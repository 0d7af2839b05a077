import type { LineStart, SymbolFrame, SymbolSource } from './symbols.ts';
import type { TypeId, TypeInfo } from './variables/type-info.ts';
import type { FrameState, FrameVariables, Statics } from './variables/variable-info.ts';

/** What can be asked of the symbols of a module; each as in `Symbols`, but for several offsets at once. */
export type SymbolQuestion =
  | { readonly ask: 'source' }
  | { readonly ask: 'frames'; readonly offsets: readonly number[] }
  | { readonly ask: 'files' }
  | { readonly ask: 'lines'; readonly file: string }
  | { readonly ask: 'starts'; readonly file: string; readonly line: number }
  | { readonly ask: 'starts around'; readonly offset: number }
  | { readonly ask: 'functions'; readonly name: string }
  | { readonly ask: 'inlined calls'; readonly name: string }
  | { readonly ask: 'prologue ends'; readonly offsets: readonly number[] }
  | { readonly ask: 'content'; readonly file: string }
  | { readonly ask: 'variables'; readonly frame: FrameState }
  /** With a name, those of all units that have it. */
  | { readonly ask: 'statics'; readonly offset: number; readonly name: string | null }
  | { readonly ask: 'types'; readonly ids: readonly TypeId[] }
  | { readonly ask: 'concrete type'; readonly vtable: number; readonly offset: number }
  | { readonly ask: 'class'; readonly name: string }
  | { readonly ask: 'type'; readonly name: string; readonly offset: number };

/** The answers, by what was asked. */
export interface SymbolAnswers {
  readonly source: SymbolSource;
  readonly frames: readonly (readonly SymbolFrame[])[];
  readonly files: readonly string[];
  readonly lines: readonly number[];
  readonly starts: readonly LineStart[];
  readonly offsets: readonly number[];
  readonly ends: readonly (number | null)[];
  readonly content: string | null;
  readonly variables: FrameVariables | null;
  readonly statics: Statics | null;
  readonly types: ReadonlyMap<TypeId, TypeInfo>;
  readonly type: TypeId | null;
}

/** A question to the thread that has the symbols. */
export interface SymbolJob {
  /** The number of the module among all that the thread is asked about. */
  readonly module: number;
  /** The module, when it is first asked about. */
  readonly bytes: Uint8Array | null;
  /** The file of the module, beside which its companions are; null if it has none. */
  readonly path: string | null;
  readonly question: SymbolQuestion;
}

/** The answer; `unknown module` if the thread has not got the module, or not any more. */
export type SymbolReply = { readonly answer: Partial<SymbolAnswers> } | 'unknown module';
