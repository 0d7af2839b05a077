import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * A value type as the text format writes it: `i32`, `i64`, `f32`, `f64`, `v128`, `funcref`, `externref`,
 * `(ref null 3)`, `(ref extern)`, ...
 */
export type ValueType = string;

/** The bytes of the types that a pass may give to what it brings. Source: core specification, 5.3. */
export const VALUE_CODE = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const;

/** The byte that a function type begins with. */
export const FUNCTION_TYPE = 0x60;

export type SimpleType = keyof typeof VALUE_CODE;

const ABSTRACT_HEAP_TYPES: ReadonlyMap<number, string> = new Map([
  [0x74, 'noexn'],
  [0x73, 'nofunc'],
  [0x72, 'noextern'],
  [0x71, 'none'],
  [0x70, 'func'],
  [0x6f, 'extern'],
  [0x6e, 'any'],
  [0x6d, 'eq'],
  [0x6c, 'i31'],
  [0x6b, 'struct'],
  [0x6a, 'array'],
  [0x69, 'exn'],
]);

const VALUE_TYPES: (string | undefined)[] = [];
VALUE_TYPES[0x7f] = 'i32';
VALUE_TYPES[0x7e] = 'i64';
VALUE_TYPES[0x7d] = 'f32';
VALUE_TYPES[0x7c] = 'f64';
VALUE_TYPES[0x7b] = 'v128';
const BOTTOM_SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['none', 'nullref'],
  ['nofunc', 'nullfuncref'],
  ['noextern', 'nullexternref'],
  ['noexn', 'nullexnref'],
]);
for (const [code, name] of ABSTRACT_HEAP_TYPES) {
  VALUE_TYPES[code] = BOTTOM_SHORTHANDS.get(name) ?? `${name}ref`;
}

/** A heap type: an abstract one by name, a defined one by its type index. */
export function readHeapType(reader: ByteReader): string {
  const start = reader.position;
  const code = reader.s33('a heap type');
  if (code >= 0) return String(code);
  const name = code >= -64 ? ABSTRACT_HEAP_TYPES.get(code + 0x80) : undefined;
  if (name === undefined) throw reader.fail(start, 'a heap type');
  return name;
}

export function readValueType(reader: ByteReader): ValueType {
  const start = reader.position;
  const code = reader.u8('a value type');
  const name = VALUE_TYPES[code];
  if (name !== undefined) return name;
  if (code === 0x64) return `(ref ${readHeapType(reader)})`;
  if (code === 0x63) return `(ref null ${readHeapType(reader)})`;
  throw reader.fail(start, 'a value type');
}

/** The type of a struct field or array element. */
export interface FieldType {
  /** As an operand has it: an `i8` is an `i32` there. */
  readonly type: ValueType;
  /** The bytes that it takes at most, as a power of two. */
  readonly logSize: number;
}

/** Fields share these, since a module can have a million of them. */
const FIELD_TYPES: Readonly<Record<string, FieldType>> = {
  i8: { type: 'i32', logSize: 0 },
  i16: { type: 'i32', logSize: 1 },
  i32: { type: 'i32', logSize: 2 },
  f32: { type: 'f32', logSize: 2 },
  i64: { type: 'i64', logSize: 3 },
  f64: { type: 'f64', logSize: 3 },
  v128: { type: 'v128', logSize: 4 },
};

/** Reads the type of a struct field or array element, where `i8` and `i16` are allowed too. */
export function readFieldType(reader: ByteReader): FieldType {
  const code = reader.peek('a field type');
  let name = code === 0x78 ? 'i8' : 'i16';
  if (code === 0x78 || code === 0x77) reader.position++;
  else name = readValueType(reader);
  if (reader.u8('a mutability flag') > 1) throw reader.fail(reader.position - 1, 'a mutability flag');
  return FIELD_TYPES[name] ?? { type: name, logSize: 3 };
}

/** Writes a value type, in the form that `readValueType` has returned it. */
export function writeValueType(out: ByteWriter, type: ValueType): void {
  const code = VALUE_TYPES.indexOf(type);
  if (code >= 0) {
    out.u8(code);
    return;
  }
  const [, nullable, heapType = ''] = /^\(ref (null )?(\S+)\)$/.exec(type) ?? [];
  out.u8(nullable === undefined ? 0x64 : 0x63);
  for (const [abstract, name] of ABSTRACT_HEAP_TYPES) {
    if (name !== heapType) continue;
    out.u8(abstract);
    return;
  }
  out.s32(Number(heapType));
}
