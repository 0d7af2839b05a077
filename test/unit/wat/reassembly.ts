/** Makes the text of a whole module around the texts of its functions, so that assemblers can assemble them again. */

import { ByteReader } from '../../../runtime/wasm/byte-reader.ts';
import type { Limits, WasmModule } from '../../../runtime/wasm/index.ts';
import type { NamedSpace } from '../../../runtime/wasm/name-section.ts';
import { SectionId } from '../../../runtime/wasm/sections.ts';
import { readValueType } from '../../../runtime/wasm/value-type.ts';
import { functionText } from '../../../runtime/wat/index.ts';
import { moduleIdentifiers } from '../../../runtime/wat/module-identifiers.ts';

/**
 * Everything that functions refer to has its index and its type. Whatever is neither a function nor a type is imported
 * or empty, so its contents need not be read from the module.
 */
export function moduleText(module: WasmModule): string {
  const { imports, importedFunctions, functions } = module;
  const identifiers = moduleIdentifiers(module);
  const outside: string[] = [];
  const counts = new Map<NamedSpace, number>();
  const name = (space: NamedSpace): string => {
    const index = counts.get(space) ?? 0;
    counts.set(space, index + 1);
    return identifiers.get(space, index) ?? '';
  };
  const importing = (space: NamedSpace, type: string): void => {
    outside.push(`(import "" "" (${space} ${name(space)} ${type}))`);
  };
  const tables = [...imports.flatMap((i) => (i.kind === 'table' ? [i.table] : [])), ...module.tables];
  for (const table of tables) importing('table', `${limits(table)} ${table.element}`);
  const memories = [...imports.flatMap((i) => (i.kind === 'memory' ? [i.memory] : [])), ...module.memories];
  for (const memory of memories) importing('memory', `${limits(memory)}${memory.shared ? ' shared' : ''}`);
  const globals = [...imports.flatMap((i) => (i.kind === 'global' ? [i.global] : [])), ...module.globals];
  for (const { type, mutable } of globals) importing('global', mutable ? `(mut ${type})` : type);
  const tags = [...imports.flatMap((i) => (i.kind === 'tag' ? [i.typeIndex] : [])), ...module.tags];
  for (const type of tags) importing('tag', `(type ${type})`);
  const total = importedFunctions + functions.length;
  const texts = Array.from({ length: total }, (_, i) => functionText(module, i));
  const elements = Array.from({ length: module.elementSegments }, () => `(elem ${name('element')} func)`);
  const data = Array.from({ length: module.dataSegments }, () => `(data ${name('data')} "")`);
  return ['(module', ...typeTexts(module), ...outside, ...texts, ...elements, ...data, ')'].join('\n');
}

function limits({ initial, maximum, is64 }: Limits): string {
  return `${is64 ? 'i64 ' : ''}${initial} ${maximum ?? ''}`;
}

function typeTexts(module: WasmModule): string[] {
  const section = module.sections.find(({ id }) => id === SectionId.type);
  if (section === undefined) return [];
  const reader = new ByteReader(module.bytes, section.bodyStart, section.end, 'type section');
  const texts: string[] = [];
  for (let groups = reader.u32('groups'); groups > 0; groups--) {
    if (reader.peek('a type') !== 0x4e) {
      texts.push(subtype(reader));
      continue;
    }
    reader.position++;
    const members = Array.from({ length: reader.u32('types') }, () => subtype(reader));
    texts.push(`(rec ${members.join(' ')})`);
  }
  return texts;
}

function subtype(reader: ByteReader): string {
  const code = reader.peek('a type');
  if (code !== 0x50 && code !== 0x4f) return `(type ${composite(reader)})`;
  reader.position++;
  const supertypes = Array.from({ length: reader.u32('supertypes') }, () => reader.u32('a type index'));
  const final = code === 0x4f ? 'final ' : '';
  return `(type (sub ${final}${supertypes.join(' ')} ${composite(reader)}))`;
}

function composite(reader: ByteReader): string {
  switch (reader.u8('a type')) {
    case 0x60: {
      const params = values(reader);
      return `(func (param ${params}) (result ${values(reader)}))`;
    }
    case 0x5f: {
      const fields = Array.from({ length: reader.u32('fields') }, () => `(field ${field(reader)})`);
      return `(struct ${fields.join(' ')})`;
    }
    default:
      return `(array ${field(reader)})`;
  }
}

function values(reader: ByteReader): string {
  return Array.from({ length: reader.u32('types') }, () => readValueType(reader)).join(' ');
}

function field(reader: ByteReader): string {
  const packed: Record<number, string> = { 120: 'i8', 119: 'i16' };
  const code = packed[reader.peek('a field type')];
  if (code !== undefined) reader.position++;
  const type = code ?? readValueType(reader);
  return reader.u8('mutability') === 1 ? `(mut ${type})` : type;
}
