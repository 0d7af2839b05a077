import type { ValueType } from './value-type.ts';

export interface FuncType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** One entry of the type index space. Structs and arrays keep their place; the runtime needs nothing of them. */
export interface TypeDefinition {
  readonly kind: 'func' | 'struct' | 'array';
  /** Empty unless `kind` is `func`. */
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** A lone final type without supertypes: what every function type was before garbage collection. */
  readonly plain: boolean;
}
