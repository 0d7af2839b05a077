/** Types as debug information describes them, as plain data: they refer to each other by ids. */

/** Names a type of a module. It says where the type is described, so it means the same as long as the module is the same. */
export type TypeId = string;

/** How the bits of a base type are read. */
export type BaseEncoding =
  | 'signed'
  | 'unsigned'
  | 'float'
  | 'boolean'
  | 'character'
  | 'address'
  | 'complex'
  | 'unknown';

interface Described {
  /** As it is written in the source: `const char *`. */
  readonly label: string;
  /** As it was declared, without namespaces; null if it has no name. */
  readonly name: string | null;
  /** The namespaces, types and functions around it, outermost first. */
  readonly scope: readonly string[];
  /** Bytes; null if it is not said. */
  readonly size: number | null;
}

/** An integer, a float, a character, a boolean. */
export interface BaseType extends Described {
  readonly kind: 'base';
  readonly encoding: BaseEncoding;
  /** Of an integer or a character: whether its highest bit is a sign. */
  readonly isSigned: boolean;
}

/** A pointer or a reference. */
export interface PointerType extends Described {
  readonly kind: 'pointer';
  readonly form: 'pointer' | 'reference' | 'rvalue' | 'member';
  /** Null is `void`. */
  readonly target: TypeId | null;
  /** Of a pointer to a member: the class that has it. */
  readonly container?: TypeId | null;
}

/** Another name for a type, or the same type with a qualifier. */
export interface AliasType extends Described {
  readonly kind: 'alias';
  readonly form: 'typedef' | 'const' | 'volatile' | 'restrict' | 'atomic';
  /** Null is `void`. */
  readonly target: TypeId | null;
}

/** A part of a structure. */
export interface Member {
  /** Null for a structure or union whose members count as those of the one around it. */
  readonly name: string | null;
  readonly type: TypeId | null;
  /** Bits from the beginning of the structure; null if only the running program knows. */
  readonly bitOffset: number | null;
  /** Of a virtual base: bytes before the vtable of the object, where the distance to the base stands. */
  readonly beforeVtable?: number;
  /** Of a bit field; null for others. */
  readonly bitSize: number | null;
  /** Where it is declared; null if that is not said. */
  readonly line: number | null;
}

/** One of the forms that a value of a variant part can have. */
export interface Variant {
  /** The values of the discriminant that mean this one; null for the one that all others mean. */
  readonly discriminants: readonly bigint[] | null;
  readonly members: readonly Member[];
}

/** A part of a structure that is one of several: Rust's enums have them. */
export interface VariantPart {
  /** What tells which one it is; null if there is only one. */
  readonly discriminant: Member | null;
  readonly variants: readonly Variant[];
}

/** An argument of a generic type. */
export interface TypeArgument {
  readonly name: string | null;
  /** The type that it is, or the type of its value. */
  readonly type: TypeId | null;
  /** Of an argument that is a number. */
  readonly value: bigint | null;
}

/** A structure, class or union. */
export interface StructType extends Described {
  readonly kind: 'struct';
  readonly form: 'struct' | 'class' | 'union';
  readonly bases: readonly Member[];
  readonly members: readonly Member[];
  readonly variantPart: VariantPart | null;
  readonly arguments: readonly TypeArgument[];
  /** Whether only its name is known. */
  readonly isDeclaration: boolean;
}

export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

/** Constants with names. */
export interface EnumType extends Described {
  readonly kind: 'enum';
  /** The type of its values. */
  readonly underlying: TypeId | null;
  readonly enumerators: readonly Enumerator[];
}

/** Elements of one type, one behind the other. */
export interface ArrayType extends Described {
  readonly kind: 'array';
  readonly element: TypeId | null;
  /** By dimension, the outermost first: how many there are; null if it is not said. */
  readonly counts: readonly (number | null)[];
  /** The variables that say how many there are where the program decides, by dimension; null for others. */
  readonly lengths?: readonly (string | null)[];
}

/** What a pointer to a function points to. */
export interface FunctionType extends Described {
  readonly kind: 'function';
  readonly result: TypeId | null;
  readonly parameters: readonly (TypeId | null)[];
}

/** A type of which no more is said than its name, or one that cannot be read. */
export interface OpaqueType extends Described {
  readonly kind: 'opaque';
}

export type TypeInfo =
  | BaseType
  | PointerType
  | AliasType
  | StructType
  | EnumType
  | ArrayType
  | FunctionType
  | OpaqueType;
