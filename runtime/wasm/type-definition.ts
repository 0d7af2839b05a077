import type { FieldType, ValueType } from './value-type.ts';

export interface FuncType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** One entry of the type index space. Of structs and arrays only what they take is kept: the runtime needs no more. */
export interface TypeDefinition {
  readonly kind: 'func' | 'struct' | 'array';
  /** Empty unless `kind` is `func`. */
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Of an array: its elements. */
  readonly element?: FieldType;
  /** Of a struct: how many fields it has. */
  readonly fields?: number;
  /** Whether it is a lone final type without supertypes, as every function type was before garbage collection. */
  readonly plain: boolean;
}
