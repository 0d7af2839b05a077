import type { ByteReader } from './byte-reader.ts';
import type { TypeDefinition } from './type-definition.ts';
import { readFieldType, readValueType, type ValueType } from './value-type.ts';

const TYPE_LIMIT = 1_000_000;
const RECURSIVE_GROUP = 0x4e;
const SUBTYPE = 0x50;
const FINAL_SUBTYPE = 0x4f;

/** Reads the type section. Source: core specification, 5.3 and 5.5.4. */
export function readTypes(reader: ByteReader): { types: TypeDefinition[]; usesGcTypes: boolean } {
  const types: TypeDefinition[] = [];
  let usesGcTypes = false;
  const groups = reader.count('types', 1, TYPE_LIMIT);
  for (let i = 0; i < groups; i++) {
    let members = 1;
    const grouped = reader.peek('a type') === RECURSIVE_GROUP;
    if (grouped) {
      reader.position++;
      members = reader.count('types of a recursive group', 2, TYPE_LIMIT - types.length);
    }
    for (let j = 0; j < members; j++) {
      const type = readSubtype(reader, grouped);
      usesGcTypes ||= !type.plain;
      types.push(type);
    }
  }
  return { types, usesGcTypes };
}

function readSubtype(reader: ByteReader, grouped: boolean): TypeDefinition {
  const code = reader.peek('a type');
  if (code !== SUBTYPE && code !== FINAL_SUBTYPE) return readComposite(reader, !grouped);
  reader.position++;
  const supertypes = reader.count('supertypes', 1);
  for (let i = 0; i < supertypes; i++) reader.u32('a type index');
  return readComposite(reader, false);
}

function readComposite(reader: ByteReader, plain: boolean): TypeDefinition {
  const code = reader.u8('a type');
  switch (code) {
    case 0x60:
      return { kind: 'func', params: readValueTypes(reader), results: readValueTypes(reader), plain };
    case 0x5f: {
      const fields = reader.count('fields', 2);
      for (let i = 0; i < fields; i++) readFieldType(reader);
      return { kind: 'struct', params: NO_TYPES, results: NO_TYPES, fields, plain: false };
    }
    case 0x5e: {
      const element = readFieldType(reader);
      return { kind: 'array', params: NO_TYPES, results: NO_TYPES, element, plain: false };
    }
    default:
      throw reader.fail(reader.position - 1, 'a type');
  }
}

/** Types share this empty list, since a module can have a million types of two bytes each. */
const NO_TYPES: readonly ValueType[] = Object.freeze([]);

function readValueTypes(reader: ByteReader): readonly ValueType[] {
  const count = reader.count('types', 1);
  if (count === 0) return NO_TYPES;
  const types: ValueType[] = [];
  for (let i = 0; i < count; i++) types.push(readValueType(reader));
  return types;
}
