import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { Op, Shape } from './opcodes.ts';

/**
 * What a module uses beyond the first version of WebAssembly, by the names of the proposals, in the order in which
 * they became part of it. Only what can be seen in the module's structure and instructions counts.
 */
export function usedFeatures(module: WasmModule): string[] {
  const used = new Set<Feature>();
  fromStructure(module, used);
  fromCode(module, used);
  return FEATURES.filter((feature) => used.has(feature));
}

const FEATURES = [
  'mutable globals',
  'saturating conversions',
  'sign extension',
  'multiple values',
  'bulk memory',
  'reference types',
  'vectors (SIMD)',
  'tail calls',
  'typed references',
  'garbage collection',
  'multiple memories',
  '64-bit memory',
  'relaxed vectors',
  'exceptions',
  'older exceptions',
  'atomics',
  'threads',
] as const;
type Feature = (typeof FEATURES)[number];

function fromStructure(module: WasmModule, used: Set<Feature>): void {
  const { types, usesGcTypes, exports, imports, memories, tables, globals } = module;
  if (usesGcTypes) used.add('garbage collection');
  if (types.some(({ results }) => results.length > 1)) used.add('multiple values');
  if (module.importedTables + tables.length > 1) used.add('reference types');
  if (module.importedMemories + memories.length > 1) used.add('multiple memories');
  const limits = [...memories, ...tables];
  for (const imported of imports) {
    if (imported.kind === 'memory') limits.push(imported.memory);
    if (imported.kind === 'tag') used.add('exceptions');
    if (imported.kind === 'global' && imported.global.mutable) used.add('mutable globals');
  }
  if (limits.some(({ shared }) => shared)) used.add('threads');
  if (limits.some(({ is64 }) => is64)) used.add('64-bit memory');
  if (module.tags.length > 0) used.add('exceptions');
  const exportsMutable = exports.some(
    ({ kind, index }) => kind === 'global' && globals[index - module.importedGlobals]?.mutable === true,
  );
  if (exportsMutable) used.add('mutable globals');
  for (const type of [
    ...types.flatMap(({ params, results }) => [...params, ...results]),
    ...valueTypes(module),
  ]) {
    const feature = featureOfType(type);
    if (feature !== null) used.add(feature);
  }
}

function valueTypes({ globals, tables }: WasmModule): string[] {
  return [
    ...globals.map(({ type }) => type),
    ...tables.map(({ element }) => element).filter((e) => e !== 'funcref'),
  ];
}

function featureOfType(type: string): Feature | null {
  switch (type) {
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return null;
    case 'v128':
      return 'vectors (SIMD)';
    case 'funcref':
    case 'externref':
      return 'reference types';
    case 'exnref':
      return 'exceptions';
    default:
      return /^\(ref (null )?(func|extern|\d+)\)$/.test(type) ? 'typed references' : 'garbage collection';
  }
}

function fromCode({ bytes, code }: WasmModule, used: Set<Feature>): void {
  const reader = new InstructionReader(bytes, 0, bytes.length, 'code section');
  let usedLast = -1;
  for (let i = 0; i < code.functionCount; i++) {
    reader.position = code.codeStart[i] ?? 0;
    const end = code.bodyEnd[i] ?? 0;
    while (reader.position < end) {
      reader.next();
      if (reader.shape === Shape.blockType && reader.blockType >= 0) used.add('multiple values');
      // Most instructions are those of the first version, and the others come in runs.
      if (reader.opcode === usedLast) continue;
      const feature = featureOfInstruction(reader.opcode);
      if (feature === null) continue;
      usedLast = reader.opcode;
      used.add(feature);
    }
  }
}

function featureOfInstruction(opcode: number): Feature | null {
  if (opcode < 0x100) return featureOfPlain(opcode);
  const number = opcode & 0xfff;
  switch (opcode >> 12) {
    case 0xfb:
      return 'garbage collection';
    case 0xfc:
      if (number < 8) return 'saturating conversions';
      return number < 15 ? 'bulk memory' : 'reference types';
    case 0xfd:
      return number < 0x100 ? 'vectors (SIMD)' : 'relaxed vectors';
    default:
      // They work on any memory. What takes threads is a shared one.
      return 'atomics';
  }
}

function featureOfPlain(opcode: number): Feature | null {
  if (opcode >= FIRST_SIGN_EXTENSION && opcode <= LAST_SIGN_EXTENSION) return 'sign extension';
  switch (opcode) {
    case Op.returnCall:
    case Op.returnCallIndirect:
      return 'tail calls';
    case Op.callRef:
    case Op.returnCallRef:
    case Op.brOnNull:
    case Op.brOnNonNull:
    case REF_AS_NON_NULL:
      return 'typed references';
    case REF_EQ:
      return 'garbage collection';
    case TABLE_GET:
    case Op.tableSet:
    case TYPED_SELECT:
    case Op.refNull:
    case REF_IS_NULL:
    case Op.refFunc:
      return 'reference types';
    case Op.throw:
    case Op.throwRef:
    case Op.tryTable:
      return 'exceptions';
    case Op.try:
    case Op.catch:
    case Op.rethrow:
    case Op.delegate:
    case Op.catchAll:
      return 'older exceptions';
    default:
      return null;
  }
}

const TYPED_SELECT = 0x1c;
const TABLE_GET = 0x25;
const FIRST_SIGN_EXTENSION = 0xc0;
const LAST_SIGN_EXTENSION = 0xc4;
const REF_IS_NULL = 0xd1;
const REF_EQ = 0xd3;
const REF_AS_NON_NULL = 0xd4;
