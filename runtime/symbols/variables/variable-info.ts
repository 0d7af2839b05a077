import type { WasmStore } from '../dwarf/location.ts';
import type { PlaceRule } from './place-rule.ts';
import type { TypeId, TypeInfo } from './type-info.ts';

/** The language of a source, as far as it matters for what values look like. */
export type SourceLanguage = 'C' | 'C++' | 'Rust' | 'other';

/** Where a variable is, or what it is, at one moment: `Location` as plain data. */
export type Place =
  | { readonly kind: 'memory'; readonly address: number }
  | { readonly kind: 'wasm'; readonly store: WasmStore; readonly index: number }
  | { readonly kind: 'value'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'pieces';
      readonly pieces: readonly {
        readonly place: Place;
        readonly bits: number;
        readonly bitOffset: number;
      }[];
    }
  /** Optimised away. */
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'unknown'; readonly why: string };

/** A parameter, a local or a static of a function. */
export interface VariableInfo {
  readonly name: string;
  readonly kind: 'parameter' | 'local' | 'static';
  readonly type: TypeId | null;
  readonly place: Place;
  /** How the place is found in any call that is at the same offset; null if there is no short rule. */
  readonly rule: PlaceRule | null;
  /** Namespaces, types and functions around a static, outermost first. */
  readonly scope: readonly string[];
  /** The line at which it is declared; 0 if it is not known. */
  readonly line: number;
  /** How many blocks of the function are around it. */
  readonly depth: number;
}

/** What is read of a frame that has stopped, to say where its variables are. */
export interface FrameState {
  /** In the module. */
  readonly offset: number;
  /** How many inlined calls of the same frame are inside of this one. */
  readonly inlined: number;
  /** The bytes of its locals and of the globals of its process that are known, by index; the lowest byte first. */
  readonly locals: ReadonlyMap<number, Uint8Array>;
  readonly globals: ReadonlyMap<number, Uint8Array>;
  /** What was read of the memory because an earlier answer asked for it. */
  readonly memory: readonly MemoryPart[];
}

export interface MemoryRange {
  readonly address: number;
  readonly size: number;
}

export interface MemoryPart {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The variables of a frame. */
export interface FrameVariables {
  readonly language: SourceLanguage;
  /** The name of the function's unit and of its compiler. */
  readonly producer: string;
  /** Parameters, then locals, those of the innermost block last. */
  readonly variables: readonly VariableInfo[];
  /** Types of these, and types that they are made of, as many as fit: the others can be asked for. */
  readonly types: ReadonlyMap<TypeId, TypeInfo>;
  /** Memory that must be known to find all of them. With it, the question can be asked again. */
  readonly missing: readonly MemoryRange[];
}

/** Statics: variables that live as long as their process. */
export interface Statics {
  readonly variables: readonly VariableInfo[];
  readonly types: ReadonlyMap<TypeId, TypeInfo>;
}
