import { CodeSurveyor } from './code-surveyor.ts';
import { IndexSites, SiteKind } from './index-sites.ts';
import { type ConstantSites, InstructionReader } from './instruction-reader.ts';
import { IntList } from './int-list.ts';
import type {
  CustomSection,
  DefinedTable,
  Export,
  ExternalKind,
  GlobalType,
  Import,
  Limits,
  Section,
  WasmModule,
} from './module.ts';
import { readLimits } from './read-limits.ts';
import { readDataSegment, readElementSegment } from './read-segments.ts';
import { readTypes } from './read-types.ts';
import { SECTION_NAMES, SECTION_ORDER, SectionId } from './sections.ts';
import type { FuncType, TypeDefinition } from './type-definition.ts';
import { readValueType } from './value-type.ts';

const KINDS: readonly ExternalKind[] = ['function', 'table', 'memory', 'global', 'tag'];

const EXPORT_SITES = {
  function: SiteKind.Function,
  table: SiteKind.Table,
  memory: SiteKind.Memory,
  global: SiteKind.Global,
} as const;

/** No module may have more entries of one kind than this. Engines have the same limit. */
const ENTRY_LIMIT = 1_000_000;

export function isWasmBinary(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/**
 * Reads a module's structure.
 * @throws WasmFormatError where the bytes do not follow the binary format
 */
export function readModule(bytes: Uint8Array): WasmModule {
  return new ModuleReader(bytes).read();
}

/**
 * Reads what a module declares. Its code, data and elements are read when somebody asks for something of them: of a module
 * that was read before, that is seldom.
 * @throws WasmFormatError where the bytes do not follow the binary format; later, too, if they never were read before
 */
export function readOutline(bytes: Uint8Array): WasmModule {
  let whole: WasmModule | undefined;
  const read = (): WasmModule => {
    whole ??= readModule(bytes);
    return whole;
  };
  return Object.defineProperties(new ModuleReader(bytes, true).read(), {
    code: { get: () => read().code },
    sites: { get: () => read().sites },
    addressTaken: { get: () => read().addressTaken },
    elementSegments: { get: () => read().elementSegments },
    elements: { get: () => read().elements },
    dataSegments: { get: () => read().dataSegments },
    dataSizes: { get: () => read().dataSizes },
    arrayBytes: { get: () => read().arrayBytes },
  });
}

/** Sections that an outline leaves out. */
const LONG_SECTIONS: readonly number[] = [SectionId.element, SectionId.code, SectionId.data];

class ModuleReader implements WasmModule, ConstantSites {
  readonly bytes: Uint8Array;
  readonly sections: Section[] = [];
  types: TypeDefinition[] = [];
  usesGcTypes = false;
  readonly imports: Import[] = [];
  importedFunctions = 0;
  importedTables = 0;
  importedMemories = 0;
  importedGlobals = 0;
  functions = new Uint32Array(0);
  readonly tables: DefinedTable[] = [];
  readonly memories: Limits[] = [];
  readonly globals: GlobalType[] = [];
  readonly tags: number[] = [];
  readonly exports: Export[] = [];
  start?: number;
  elementSegments = 0;
  elements = 0;
  dataSegments = 0;
  readonly dataSizes = new IntList();
  arrayBytes = 0;
  readonly customs: CustomSection[] = [];
  readonly sites = new IndexSites();
  addressTaken = new Uint8Array(0);
  code: CodeSurveyor = new CodeSurveyor(0, this.#surveyContext());

  readonly #reader: InstructionReader;
  #importedTypes: number[] = [];
  #importedTags = 0;
  #dataCount: number | undefined;
  readonly #outline: boolean;

  /** @param outline whether to leave code, data and elements out */
  constructor(bytes: Uint8Array, outline = false) {
    this.bytes = bytes;
    this.#outline = outline;
    this.#reader = new InstructionReader(bytes, 0, bytes.length, 'module header');
  }

  functionTypeIndex(index: number): number | undefined {
    return index < this.importedFunctions
      ? this.#importedTypes[index]
      : this.functions[index - this.importedFunctions];
  }

  functionType(index: number): FuncType | undefined {
    const typeIndex = this.functionTypeIndex(index);
    return typeIndex === undefined ? undefined : this.types[typeIndex];
  }

  read(): WasmModule {
    const reader = this.#reader;
    const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    for (const byte of header) {
      const expected = reader.position < 4 ? 'the magic bytes "\\0asm"' : 'version 1';
      if (reader.u8(expected) !== byte) throw reader.fail(reader.position - 1, expected);
    }
    let rank = -1;
    while (reader.position < this.bytes.length) rank = this.#section(rank);
    if (this.#outline) return this;
    reader.place = 'module';
    if (this.code.functionCount !== this.functions.length) {
      throw reader.fail(reader.position, `a code section with ${this.functions.length} functions`);
    }
    if (this.#dataCount !== undefined && this.#dataCount !== this.dataSegments) {
      throw reader.fail(reader.position, `a data section with ${this.#dataCount} segments`);
    }
    return this;
  }

  #section(rank: number): number {
    const reader = this.#reader;
    const start = reader.position;
    reader.place = 'section header';
    const id = reader.u8('a section id');
    const title = SECTION_NAMES[id];
    if (title === undefined) throw reader.fail(start, 'a section id below 14');
    reader.place = `${title} section`;
    const size = reader.count('bytes of the section', 1);
    const section = { id, start, bodyStart: reader.position, end: reader.position + size };
    let next = rank;
    if (id !== SectionId.custom) {
      next = SECTION_ORDER.indexOf(id);
      if (next <= rank) {
        const last = SECTION_NAMES[SECTION_ORDER[rank] ?? 0];
        throw reader.fail(start, `a section that may follow the ${last} section`, `a ${title} section`);
      }
    }
    reader.end = section.end;
    this.sections.push(section);
    if (this.#outline && LONG_SECTIONS.includes(id)) reader.position = section.end;
    else this.#contents(section);
    if (reader.position !== section.end) {
      throw reader.fail(reader.position, `the end of the section at offset 0x${section.end.toString(16)}`);
    }
    reader.end = this.bytes.length;
    return next;
  }

  #contents(section: Section): void {
    switch (section.id) {
      case SectionId.custom:
        this.#custom(section);
        break;
      case SectionId.type: {
        const { types, usesGcTypes } = readTypes(this.#reader);
        this.types = types;
        this.usesGcTypes = usesGcTypes;
        break;
      }
      case SectionId.import:
        this.#importEntries();
        break;
      case SectionId.function:
        this.#functionTypes();
        break;
      case SectionId.table:
        this.#tableEntries();
        break;
      case SectionId.memory: {
        const count = this.#reader.count('memories', 2, ENTRY_LIMIT);
        for (let i = 0; i < count; i++) this.memories.push(readLimits(this.#reader));
        break;
      }
      case SectionId.tag: {
        const count = this.#reader.count('tags', 2, ENTRY_LIMIT);
        for (let i = 0; i < count; i++) this.tags.push(this.#tagType());
        break;
      }
      case SectionId.global:
        this.#globalEntries();
        break;
      case SectionId.export:
        this.#exportEntries();
        break;
      case SectionId.start:
        this.start = this.#functionIndex();
        break;
      case SectionId.element:
        this.#elements();
        break;
      case SectionId.dataCount:
        this.#dataCount = this.#reader.u32('a number of data segments');
        break;
      case SectionId.code:
        this.#bodies();
        break;
      case SectionId.data:
        this.#data();
        break;
    }
  }

  #custom(section: Section): void {
    const name = this.#reader.lenientName('a section name');
    this.customs.push({ name, start: this.#reader.position, end: section.end, section });
    this.#reader.position = section.end;
  }

  #importEntries(): void {
    const reader = this.#reader;
    const count = reader.count('imports', 4, ENTRY_LIMIT);
    for (let i = 0; i < count; i++) {
      const module = reader.name('a module name');
      const name = reader.name('an import name');
      this.imports.push(this.#importType(module, name));
    }
    this.#indexSpaceGrew();
  }

  #importType(module: string, name: string): Import {
    const reader = this.#reader;
    const kind = reader.u8('an import kind');
    switch (kind) {
      case 0: {
        const typeIndex = this.#functionTypeReference();
        this.#importedTypes.push(typeIndex);
        this.importedFunctions++;
        return { module, name, kind: 'function', typeIndex };
      }
      case 1: {
        this.importedTables++;
        const element = readValueType(reader);
        return { module, name, kind: 'table', table: { element, ...readLimits(reader) } };
      }
      case 2:
        this.importedMemories++;
        return { module, name, kind: 'memory', memory: readLimits(reader) };
      case 3:
        this.importedGlobals++;
        return { module, name, kind: 'global', global: this.#globalType() };
      case 4:
        this.#importedTags++;
        return { module, name, kind: 'tag', typeIndex: this.#tagType() };
      default:
        throw reader.fail(reader.position - 1, 'an import kind');
    }
  }

  #functionTypeReference(): number {
    const at = this.#reader.position;
    const index = this.#reader.u32('a type index');
    if (this.types[index]?.kind !== 'func')
      throw this.#reader.fail(at, 'the index of a function type', `${index}`);
    return index;
  }

  #tagType(): number {
    if (this.#reader.u8('a tag attribute') !== 0)
      throw this.#reader.fail(this.#reader.position - 1, 'a tag attribute');
    return this.#functionTypeReference();
  }

  #globalType(): GlobalType {
    const type = readValueType(this.#reader);
    const mutable = this.#reader.u8('a mutability flag');
    if (mutable > 1) throw this.#reader.fail(this.#reader.position - 1, 'a mutability flag');
    return { type, mutable: mutable === 1 };
  }

  #functionTypes(): void {
    const count = this.#reader.count('functions', 1, ENTRY_LIMIT);
    this.functions = new Uint32Array(count);
    for (let i = 0; i < count; i++) this.functions[i] = this.#functionTypeReference();
    this.#indexSpaceGrew();
  }

  #indexSpaceGrew(): void {
    this.addressTaken = new Uint8Array(this.importedFunctions + this.functions.length);
  }

  #tableEntries(): void {
    const reader = this.#reader;
    const count = reader.count('tables', 3, ENTRY_LIMIT);
    for (let i = 0; i < count; i++) {
      const initialized = reader.peek('a table type') === 0x40;
      if (initialized) {
        reader.position++;
        if (reader.u8('a zero byte') !== 0) throw reader.fail(reader.position - 1, 'a zero byte');
      }
      const element = readValueType(reader);
      const limitsStart = reader.position;
      const limits = readLimits(reader);
      this.tables.push({ element, ...limits, limitsStart, limitsEnd: reader.position });
      if (initialized) reader.constantExpression(this);
    }
  }

  #globalEntries(): void {
    const count = this.#reader.count('globals', 3, ENTRY_LIMIT);
    for (let i = 0; i < count; i++) {
      this.globals.push(this.#globalType());
      this.#reader.constantExpression(this);
    }
  }

  #exportEntries(): void {
    const reader = this.#reader;
    const count = reader.count('exports', 3, ENTRY_LIMIT);
    for (let i = 0; i < count; i++) {
      const name = reader.name('an export name');
      const kind = KINDS[reader.u8('an export kind')];
      if (kind === undefined) throw reader.fail(reader.position - 1, 'an export kind');
      const at = reader.position;
      const index = kind === 'function' ? this.#functionIndex() : reader.u32('an index');
      if (kind !== 'function') this.#checkExport(kind, index, at);
      if (kind !== 'tag') this.sites.add(at, EXPORT_SITES[kind]);
      this.exports.push({ name, kind, index });
    }
  }

  #checkExport(kind: ExternalKind, index: number, at: number): void {
    const sizes = {
      function: this.addressTaken.length,
      table: this.importedTables + this.tables.length,
      memory: this.importedMemories + this.memories.length,
      global: this.importedGlobals + this.globals.length,
      tag: this.#importedTags + this.tags.length,
    };
    if (index >= sizes[kind]) throw this.#reader.fail(at, `a ${kind} index below ${sizes[kind]}`, `${index}`);
  }

  #functionIndex(): number {
    const at = this.#reader.position;
    const index = this.#reader.u32('a function index');
    this.#checkExport('function', index, at);
    return index;
  }

  functionAt(at: number, index: number): void {
    this.#checkExport('function', index, at);
    this.sites.add(at, SiteKind.Function);
    this.addressTaken[index] = 1;
  }

  globalAt(at: number): void {
    this.sites.add(at, SiteKind.Global);
  }

  arrayOf(type: number, length: number): void {
    this.arrayBytes += length * 2 ** (this.types[type]?.element?.logSize ?? 0);
  }

  #elements(): void {
    this.elementSegments = this.#reader.count('element segments', 2, 10 * ENTRY_LIMIT);
    for (let i = 0; i < this.elementSegments; i++) readElementSegment(this.#reader, this);
  }

  #bodies(): void {
    const at = this.#reader.position;
    const count = this.#reader.count('function bodies', 3, ENTRY_LIMIT);
    if (count !== this.functions.length) {
      throw this.#reader.fail(at, `${this.functions.length} function bodies`, String(count));
    }
    this.code = new CodeSurveyor(count, this.#surveyContext());
    this.code.read(this.#reader);
  }

  #surveyContext(): ConstructorParameters<typeof CodeSurveyor>[1] {
    return { types: this.types, functionTotal: this.addressTaken.length, addressTaken: this.addressTaken };
  }

  #data(): void {
    this.dataSegments = this.#reader.count('data segments', 2, ENTRY_LIMIT);
    for (let i = 0; i < this.dataSegments; i++) readDataSegment(this.#reader, this);
  }
}
