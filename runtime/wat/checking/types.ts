/**
 * The types of values, as numbers, so that comparing them is quick: those of numbers and vectors are below zero, those of
 * references are the heap type, times two, plus one if they may be null.
 * Source: core specification, 2.3 "Types" and 3.3 "Matching".
 */
export const Type = {
  i32: -1,
  i64: -2,
  f32: -3,
  f64: -4,
  v128: -5,
  /** Only in the fields of structs and arrays. */
  i8: -6,
  i16: -7,
  /** What unreachable code and mistakes leave: it fits everywhere. */
  unknown: -9,
} as const;

/** Heap types that no module defines. Those that it does follow, by their index. */
export const Heap = {
  any: 0,
  eq: 1,
  i31: 2,
  struct: 3,
  array: 4,
  none: 5,
  func: 6,
  nofunc: 7,
  extern: 8,
  noextern: 9,
  exn: 10,
  noexn: 11,
  /** That of a reference in unreachable code. */
  unknown: 12,
} as const;

/** The heap type of the first type that a module defines. */
export const FIRST_DEFINED = 16;

export const HEAP_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries(Heap).filter(([name]) => name !== 'unknown'),
);

export const NUMBER_TYPES: ReadonlyMap<string, number> = new Map(
  (['i32', 'i64', 'f32', 'f64', 'v128'] as const).map((name) => [name, Type[name]]),
);

const BOTTOMS: ReadonlyMap<string, number> = new Map([
  ['nullref', Heap.none],
  ['nullfuncref', Heap.nofunc],
  ['nullexternref', Heap.noextern],
  ['nullexnref', Heap.noexn],
]);

/** Words for references that may be null: `funcref`, `nullref`. */
export const REFERENCE_NAMES: ReadonlyMap<string, number> = new Map([
  ...[...HEAP_NAMES]
    .filter(([name]) => !name.startsWith('no'))
    .map(([name, heap]) => [`${name}ref`, reference(heap, true)] as const),
  ...[...BOTTOMS].map(([name, heap]) => [name, reference(heap, true)] as const),
]);

/** Words for the types of values. */
export const VALUE_TYPE_NAMES: readonly string[] = [...NUMBER_TYPES.keys(), ...REFERENCE_NAMES.keys()];

const NAMES: ReadonlyMap<number, string> = new Map(
  [...NUMBER_TYPES, ...REFERENCE_NAMES, ['i8', Type.i8] as const, ['i16', Type.i16] as const].map(
    ([name, type]) => [type, name],
  ),
);

const BY_LETTER: Readonly<Record<string, number>> = {
  i: Type.i32,
  l: Type.i64,
  f: Type.f32,
  d: Type.f64,
  v: Type.v128,
};

/** By the letters, after what an address is if there are some. There are some dozens. */
const BY_LETTERS = new Map<string, readonly number[]>();

/**
 * The types that the letters of a signature stand for.
 * @param address the type of addresses in the memory that is meant
 */
export function typesOfLetters(letters: string, address: number): readonly number[] {
  const key = letters.includes('a') ? `${address}${letters}` : letters;
  const known = BY_LETTERS.get(key);
  if (known !== undefined) return known;
  const types = Array.from(letters, (letter) => BY_LETTER[letter] ?? address);
  BY_LETTERS.set(key, types);
  return types;
}

export function reference(heap: number, nullable: boolean): number {
  return heap * 2 + (nullable ? 1 : 0);
}

export function isReference(type: number): boolean {
  return type >= 0;
}

export function isNullable(type: number): boolean {
  return (type & 1) === 1;
}

export function heapOf(type: number): number {
  return type >> 1;
}

/** The index of the type that a reference is of, if the module defines that. */
export function typeIndexOf(type: number | undefined): number | undefined {
  return type !== undefined && type >= FIRST_DEFINED * 2 ? heapOf(type) - FIRST_DEFINED : undefined;
}

/** Whether a local of this type has a value before it is set. */
export function hasDefault(type: number): boolean {
  return !isReference(type) || isNullable(type);
}

/** What an operand has that comes from a field: `i8` and `i16` are an `i32` there. */
export function unpacked(type: number): number {
  return type === Type.i8 || type === Type.i16 ? Type.i32 : type;
}

/**
 * A type as the text format writes it.
 * @param definedName gives the name or index of a type that the module defines
 */
export function typeText(type: number, definedName: (index: number) => string): string {
  const name = NAMES.get(type);
  if (name !== undefined) return name;
  if (!isReference(type)) return 'any type';
  return `(ref ${isNullable(type) ? 'null ' : ''}${heapText(heapOf(type), definedName)})`;
}

export function heapText(heap: number, definedName: (index: number) => string): string {
  if (heap >= FIRST_DEFINED) return definedName(heap - FIRST_DEFINED);
  for (const [name, found] of HEAP_NAMES) if (found === heap) return name;
  return 'any';
}
