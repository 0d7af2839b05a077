import { bytesOf, countOf, grouped } from '../text/quantities.ts';
import { InstructionReader } from '../wasm/instruction-reader.ts';
import type { ExternalKind, GlobalType, Import, Limits, TableType, WasmModule } from '../wasm/module.ts';
import type { NamedSpace } from '../wasm/name-section.ts';
import { Op } from '../wasm/opcodes.ts';
import { SectionId } from '../wasm/sections.ts';
import { readValueType } from '../wasm/value-type.ts';
import { disassembleFunction, functionHead } from './disassemble.ts';
import { InstructionText } from './instruction-text.ts';
import { type ModuleIdentifiers, moduleIdentifiers } from './module-identifiers.ts';
import { quotedText, UniqueNames } from './quoted-text.ts';
import { typeDefinitionLines } from './type-definitions-text.ts';

/** A whole module in the text format. */
export interface PrintedModule {
  /** Lines, without a line break behind the last. */
  readonly text: string;
  /** By line from 0: the offset in the module of what stands there, or -1. */
  readonly offsets: readonly number[];
}

/** Bytes of code of the largest module whose functions are all written. Of a larger one, only their heads are. */
const MOST_CODE = 2 ** 18;
/** Elements of a segment, and bytes of a segment and of all data, that are written. */
const MOST_ELEMENTS = 1000;
const MOST_DATA = 4096;
const MOST_DATA_IN_ALL = 2 ** 16;
/** Bytes of data in a line. */
const DATA_WIDTH = 64;

/** Kinds of imports and exports, as the text format calls them. */
const WORDS: Readonly<Record<ExternalKind, string>> = {
  function: 'func',
  table: 'table',
  memory: 'memory',
  global: 'global',
  tag: 'tag',
};

/**
 * Writes a module as text: the text assembles to the same module, but for custom sections, which comments list, and what is left out of a
 * large one. Of functions that are left out the head is written, and their size.
 * @param name of its file
 */
export function printModule(module: WasmModule, name: string): PrintedModule {
  const lines = new ModuleLines(module);
  lines.writeAll(name);
  return { text: lines.lines.join('\n'), offsets: lines.offsets };
}

class ModuleLines {
  readonly lines: string[] = [];
  readonly offsets: number[] = [];
  readonly #module: WasmModule;
  readonly #identifiers: ModuleIdentifiers;

  constructor(module: WasmModule) {
    this.#module = module;
    this.#identifiers = moduleIdentifiers(module);
  }

  writeAll(name: string): void {
    const { bytes, customs, sections } = this.#module;
    this.#add(`;; ${name}: ${countOf(bytes.length, 'byte')}`);
    for (const { name, start, end, section } of customs)
      this.#add(`;; custom section ${quotedText(name)}: ${countOf(end - start, 'byte')}`, section.start);
    this.#add('');
    this.#add('(module');
    for (const { id, bodyStart, end } of sections) this.#writeSection(id, bodyStart, end);
    this.#add(')');
  }

  #add(line: string, offset = -1): void {
    this.lines.push(line);
    this.offsets.push(offset);
  }

  #writeSection(id: number, start: number, end: number): void {
    const reader = new InstructionReader(this.#module.bytes, start, end, `section ${id}`);
    switch (id) {
      case SectionId.type:
        for (const line of typeDefinitionLines(reader)) this.#add(`  ${line}`);
        return;
      case SectionId.import:
        this.#writeImports();
        return;
      case SectionId.table:
        this.#writeTables(reader);
        return;
      case SectionId.memory:
        for (const [i, memory] of this.#module.memories.entries()) {
          const index = this.#module.importedMemories + i;
          this.#add(`  (${this.#declared('memory', index)} ${limitsText(memory)})`);
        }
        return;
      case SectionId.tag:
        for (const [i, type] of this.#module.tags.entries())
          this.#add(`  (${this.#declared('tag', this.#importedTags + i)} (type ${type}))`);
        return;
      case SectionId.global:
        this.#writeGlobals(reader);
        return;
      case SectionId.export:
        this.#writeExports();
        return;
      case SectionId.start:
        this.#add(`  (start ${this.#reference('function', this.#module.start ?? 0)})`);
        return;
      case SectionId.element:
        this.#writeElements(reader);
        return;
      case SectionId.code:
        this.#writeFunctions();
        return;
      case SectionId.data:
        this.#writeData(reader);
        return;
    }
  }

  get #importedTags(): number {
    return this.#module.imports.filter(({ kind }) => kind === 'tag').length;
  }

  /** `memory $name (;0;)` */
  #declared(space: NamedSpace, index: number): string {
    const word = space in WORDS ? WORDS[space as ExternalKind] : space === 'element' ? 'elem' : space;
    const name = this.#identifiers.get(space, index);
    return [word, ...(name === undefined ? [] : [name]), `(;${index};)`].join(' ');
  }

  /** A name, or else an index. */
  #reference(space: NamedSpace, index: number): string {
    return this.#identifiers.get(space, index) ?? String(index);
  }

  #writeImports(): void {
    const counts: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
    for (const entry of this.#module.imports) {
      const index = counts[entry.kind]++;
      if (entry.kind === 'function') {
        this.#add(`  ${disassembleFunction(this.#module, index).text}`);
        continue;
      }
      const from = `${quotedText(entry.module)} ${quotedText(entry.name)}`;
      this.#add(`  (import ${from} (${this.#declared(entry.kind, index)} ${importedType(entry)}))`);
    }
  }

  #writeTables(reader: InstructionReader): void {
    reader.u32('a number of tables');
    for (const [i, table] of this.#module.tables.entries()) {
      const hasValue = reader.peek('a table') === 0x40;
      const at = reader.position;
      reader.position = table.limitsEnd;
      const value = hasValue ? ` ${this.#constant(reader)}` : '';
      const index = this.#module.importedTables + i;
      this.#add(`  (${this.#declared('table', index)} ${tableText(table)}${value})`, at);
    }
  }

  #writeGlobals(reader: InstructionReader): void {
    const total = reader.u32('a number of globals');
    for (let i = 0; i < total; i++) {
      const at = reader.position;
      const type = readValueType(reader);
      const mutable = reader.u8('a mutability flag') === 1;
      const index = this.#module.importedGlobals + i;
      const declared = `${this.#declared('global', index)} ${globalText({ type, mutable })}`;
      this.#add(`  (${declared} ${this.#constant(reader)})`, at);
    }
  }

  /** Those of functions stand at them, unless these are imported. */
  #writeExports(): void {
    for (const { name, kind, index } of this.#module.exports) {
      if (kind === 'function' && index >= this.#module.importedFunctions) continue;
      this.#add(`  (export ${quotedText(name)} (${WORDS[kind]} ${this.#reference(kind, index)}))`);
    }
  }

  /** Source: core specification, 5.5.12. */
  #writeElements(reader: InstructionReader): void {
    const total = reader.u32('a number of segments');
    for (let index = 0; index < total; index++) {
      const at = reader.position;
      const flags = reader.u32('segment flags');
      const isActive = (flags & 1) === 0;
      const hasExpressions = (flags & 4) !== 0;
      const words = [this.#declared('element', index)];
      if (isActive) {
        const table = (flags & 2) === 0 ? 0 : reader.u32('a table index');
        if (table > 0) words.push(`(table ${this.#reference('table', table)})`);
        words.push(`(offset ${this.#constant(reader)})`);
      } else if ((flags & 2) !== 0) {
        words.push('declare');
      }
      let type = 'funcref';
      if ((flags & 3) !== 0) {
        if (hasExpressions) type = readValueType(reader);
        else reader.u8('an element kind');
      }
      words.push(hasExpressions ? type : 'func');
      const items = reader.u32('a number of elements');
      for (let i = 0; i < items; i++) {
        const text = hasExpressions
          ? `(item ${this.#constant(reader)})`
          : this.#reference('function', reader.u32('a function index'));
        if (i < MOST_ELEMENTS) words.push(text);
      }
      if (items > MOST_ELEMENTS) words.push(`(; ${grouped(items - MOST_ELEMENTS)} more ;)`);
      this.#add(`  (${words.join(' ')})`, at);
    }
  }

  #writeFunctions(): void {
    const module = this.#module;
    const { bodyStart, bodyEnd } = module.code;
    const [first = 0] = bodyStart;
    const isWhole = (bodyEnd.at(-1) ?? 0) - first <= MOST_CODE;
    for (let defined = 0; defined < module.functions.length; defined++) {
      const index = module.importedFunctions + defined;
      const start = bodyStart[defined] ?? 0;
      const size = countOf((bodyEnd[defined] ?? 0) - start, 'byte');
      if (!isWhole) {
        this.#add(`  (${functionHead(module, index)} (; ${size} ;))`, start);
        continue;
      }
      const { text, offsets } = disassembleFunction(module, index);
      for (const [i, line] of text.split('\n').entries()) {
        const isHead = i === 0;
        this.#add(`  ${line}${isHead ? ` ;; ${size}` : ''}`, isHead ? start : offsets[i]);
      }
    }
  }

  /** Source: core specification, 5.5.14. */
  #writeData(reader: InstructionReader): void {
    const total = reader.u32('a number of segments');
    let left = MOST_DATA_IN_ALL;
    for (let index = 0; index < total; index++) {
      const at = reader.position;
      const flags = reader.u32('segment flags');
      const memory = flags === 2 ? reader.u32('a memory index') : 0;
      const words = [this.#declared('data', index)];
      if (memory > 0) words.push(`(memory ${this.#reference('memory', memory)})`);
      if (flags !== 1) words.push(`(offset ${this.#constant(reader)})`);
      const size = reader.u32('a number of bytes');
      this.#add(`  (${words.join(' ')} ;; ${countOf(size, 'byte')}`, at);
      const written = Math.min(size, MOST_DATA, left);
      left -= written;
      const bytes = reader.bytes.subarray(reader.position, reader.position + written);
      for (let i = 0; i < bytes.length; i += DATA_WIDTH)
        this.#add(`    ${dataText(bytes.subarray(i, i + DATA_WIDTH))}`, reader.position + i);
      const rest = size - bytes.length;
      if (rest > 0) this.#add(`    ;; ${bytesOf(rest)} more`);
      this.#add('  )');
      reader.position += size;
    }
  }

  /** A constant expression, behind which the reader is then. */
  #constant(reader: InstructionReader): string {
    const text = new InstructionText(this.#module, this.#identifiers, new UniqueNames(), reader);
    const instructions: string[] = [];
    for (;;) {
      reader.next();
      if (reader.opcode === Op.end) break;
      instructions.push(text.read(1));
    }
    return instructions.length === 1 ? `(${instructions[0]})` : instructions.join(' ');
  }
}

function importedType(entry: Exclude<Import, { readonly kind: 'function' }>): string {
  switch (entry.kind) {
    case 'table':
      return tableText(entry.table);
    case 'memory':
      return limitsText(entry.memory);
    case 'global':
      return globalText(entry.global);
    case 'tag':
      return `(type ${entry.typeIndex})`;
  }
}

function limitsText({ initial, maximum, shared, is64 }: Limits): string {
  const words = [
    ...(is64 ? ['i64'] : []),
    initial,
    ...(maximum === undefined ? [] : [maximum]),
    ...(shared ? ['shared'] : []),
  ];
  return words.join(' ');
}

function tableText(table: TableType): string {
  return `${limitsText(table)} ${table.element}`;
}

function globalText({ type, mutable }: GlobalType): string {
  return mutable ? `(mut ${type})` : type;
}

/** Bytes as a string of the text format. */
function dataText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"`;
}
