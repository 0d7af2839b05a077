import type { CodeSurvey } from './code-survey.ts';
import type { IndexSites } from './index-sites.ts';
import type { IntList } from './int-list.ts';
import type { FuncType, TypeDefinition } from './type-definition.ts';
import type { ValueType } from './value-type.ts';

/** Sizes in pages (memories) or elements (tables). */
export interface Limits {
  readonly initial: number;
  readonly maximum?: number;
  readonly shared: boolean;
  readonly is64: boolean;
}

export interface TableType extends Limits {
  readonly element: ValueType;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export type ExternalKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: 'function'; readonly typeIndex: number }
  | { readonly kind: 'table'; readonly table: TableType }
  | { readonly kind: 'memory'; readonly memory: Limits }
  | { readonly kind: 'global'; readonly global: GlobalType }
  | { readonly kind: 'tag'; readonly typeIndex: number }
);

export interface Export {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** A section: its id byte at `start`, its contents in `bodyStart..end`. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/** A custom section: its contents, without its name, in `start..end`. */
export interface CustomSection {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly section: Section;
}

/** A defined table and where its limits stand, so that they can be rewritten. */
export interface DefinedTable extends TableType {
  readonly limitsStart: number;
  readonly limitsEnd: number;
}

/**
 * A module's structure. Counts and offsets refer to `bytes`, which is kept and must not be changed.
 * Reading checks the structure only. The engine checks whether the code is well typed.
 */
export interface WasmModule {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: readonly TypeDefinition[];
  /** Whether any type is a struct, an array, in a recursive group, or a subtype. */
  readonly usesGcTypes: boolean;
  readonly imports: readonly Import[];
  /** How many entries of the function index space are imports; defined functions follow. */
  readonly importedFunctions: number;
  readonly importedTables: number;
  readonly importedMemories: number;
  readonly importedGlobals: number;
  /** Type index of each defined function. */
  readonly functions: Uint32Array;
  /** Defined tables only. The lists of memories, globals and tags have no imports either. */
  readonly tables: readonly DefinedTable[];
  readonly memories: readonly Limits[];
  readonly globals: readonly GlobalType[];
  /** Type index of each defined tag. */
  readonly tags: readonly number[];
  readonly exports: readonly Export[];
  /** Function index of the start function. */
  readonly start?: number;
  readonly elementSegments: number;
  /** Elements of all segments. */
  readonly elements: number;
  readonly dataSegments: number;
  /** By data segment: its bytes. */
  readonly dataSizes: IntList;
  /** Bytes of all arrays that constant expressions make; infinite if one may have any length. */
  readonly arrayBytes: number;
  readonly customs: readonly CustomSection[];
  /** Every index of a function, table, memory or global outside of the code section and the start section. */
  readonly sites: IndexSites;
  /** By function index: 1 if a table or a reference may hold the function. Exports do not count. */
  readonly addressTaken: Uint8Array;
  readonly code: CodeSurvey;
  /** The type of an imported or defined function; undefined when there is no such function. */
  functionType(index: number): FuncType | undefined;
  /** The type index of an imported or defined function; undefined when there is no such function. */
  functionTypeIndex(index: number): number | undefined;
}

/** The custom section of this name; the first if there are several. */
export function customSection(module: WasmModule, name: string): CustomSection | undefined {
  return module.customs.find((custom) => custom.name === name);
}
