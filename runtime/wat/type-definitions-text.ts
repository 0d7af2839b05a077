import type { ByteReader } from '../wasm/byte-reader.ts';
import { readValueType, type ValueType } from '../wasm/value-type.ts';
import { declarationTexts } from './type-text.ts';

const GROUP = 0x4e;
const SUBTYPE = 0x50;
const FINAL_SUBTYPE = 0x4f;

/** Writes the types of a type section, a line each; those of a recursive group are between the lines of its parentheses. */
export function* typeDefinitionLines(reader: ByteReader): Generator<string> {
  let index = 0;
  for (let groups = reader.u32('a number of types'); groups > 0; groups--) {
    const isGroup = reader.peek('a type') === GROUP;
    if (!isGroup) {
      yield definitionText(reader, index++);
      continue;
    }
    reader.position++;
    yield '(rec';
    for (let members = reader.u32('a number of types'); members > 0; members--)
      yield `  ${definitionText(reader, index++)}`;
    yield ')';
  }
}

function definitionText(reader: ByteReader, index: number): string {
  const code = reader.peek('a type');
  if (code !== SUBTYPE && code !== FINAL_SUBTYPE) return `(type (;${index};) ${compositeText(reader)})`;
  reader.position++;
  const words = code === FINAL_SUBTYPE ? ['sub', 'final'] : ['sub'];
  for (let supertypes = reader.u32('a number of types'); supertypes > 0; supertypes--)
    words.push(String(reader.u32('a type index')));
  return `(type (;${index};) (${words.join(' ')} ${compositeText(reader)}))`;
}

function compositeText(reader: ByteReader): string {
  switch (reader.u8('a type')) {
    case 0x60: {
      const params = declarationTexts('param', valueTypes(reader));
      return `(${['func', ...params, ...declarationTexts('result', valueTypes(reader))].join(' ')})`;
    }
    case 0x5f: {
      const words = ['struct'];
      for (let fields = reader.u32('a number of fields'); fields > 0; fields--)
        words.push(`(field ${fieldText(reader)})`);
      return `(${words.join(' ')})`;
    }
    default:
      return `(array ${fieldText(reader)})`;
  }
}

/** Types that only fields have, by the byte that stands for them. */
const PACKED: Readonly<Record<number, string>> = { 120: 'i8', 119: 'i16' };

function fieldText(reader: ByteReader): string {
  const packed = PACKED[reader.peek('a field type')];
  if (packed !== undefined) reader.position++;
  const type = packed ?? readValueType(reader);
  return reader.u8('a mutability flag') === 1 ? `(mut ${type})` : type;
}

function valueTypes(reader: ByteReader): ValueType[] {
  const types: ValueType[] = [];
  for (let count = reader.u32('a number of types'); count > 0; count--) types.push(readValueType(reader));
  return types;
}
