import type { ValueType } from './value-type.ts';

export interface FuncType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** One entry of the type index space. Of structs and arrays, only their place is kept: the runtime needs no more. */
export interface TypeDefinition {
  readonly kind: 'func' | 'struct' | 'array';
  /** Empty unless `kind` is `func`. */
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Whether it is a lone final type without supertypes, as every function type was before garbage collection. */
  readonly plain: boolean;
}
