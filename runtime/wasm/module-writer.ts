import { BRANCH_HINT_SECTION } from './branch-hints.ts';
import { ByteWriter } from './byte-writer.ts';
import { CodeWalker } from './code-walker.ts';
import { InstructionReader } from './instruction-reader.ts';
import type { CustomSection, Section, WasmModule } from './module.ts';
import { type AddedType, KERNEL_MODULE, KIND_CODE, type ModulePlan, memoryImport } from './module-plan.ts';
import { copyMoved } from './move-indices.ts';
import { OffsetMap } from './offset-map.ts';
import { rewriteNames } from './rewrite-names.ts';
import { SECTION_ORDER, SectionId } from './sections.ts';
import { FUNCTION_TYPE, writeValueType } from './value-type.ts';
import { writeLimits } from './write-limits.ts';

const HEADER_LENGTH = 8;

/** Writes the sections of a module with all that a plan brings. Sections that do not change are copied. */
export class ModuleWriter {
  readonly #module: WasmModule;
  readonly #customs: ReadonlyMap<Section, CustomSection>;
  readonly #plan: ModulePlan;
  readonly #walk: CodeWalker | undefined;
  readonly #out: ByteWriter;
  readonly #offsets: OffsetMap;
  readonly #reader: InstructionReader;

  /** @param plan a plan in which everything has its index */
  constructor(plan: ModulePlan) {
    const { module } = plan;
    this.#module = module;
    this.#customs = new Map(module.customs.map((custom) => [custom.section, custom]));
    this.#plan = plan;
    const capacity = capacityFor(plan);
    this.#walk = plan.walksCode ? new CodeWalker(plan, capacity) : undefined;
    // The walk writes the code to its place in the module: a copy of it would be most of what rewriting takes.
    this.#out = this.#walk?.emit ?? new ByteWriter(capacity);
    this.#offsets = this.#walk?.emit.map ?? new OffsetMap();
    this.#reader = new InstructionReader(module.bytes, 0, module.bytes.length, 'module');
  }

  write(): { bytes: Uint8Array; offsets: OffsetMap } {
    const module = this.#module;
    this.#offsets.copied(0, 0);
    this.#out.copy(module.bytes, 0, HEADER_LENGTH);
    let rank = 0;
    for (const section of module.sections) {
      if (section.id === SectionId.custom) {
        this.#custom(section);
        continue;
      }
      const ownRank = SECTION_ORDER.indexOf(section.id);
      while (rank < ownRank) this.#section(SECTION_ORDER[rank++] ?? 0, undefined, section.start);
      rank = ownRank + 1;
      this.#section(section.id, section, section.start);
    }
    while (rank < SECTION_ORDER.length)
      this.#section(SECTION_ORDER[rank++] ?? 0, undefined, module.bytes.length);
    return { bytes: this.#out.finish(), offsets: this.#offsets };
  }

  #section(id: number, section: Section | undefined, before: number): void {
    if (!this.#rewritten(id, section, before) && section !== undefined) this.#copy(section);
  }

  /** Writes a section that passes change, add or drop. Returns false if it is to stay as it is. */
  #rewritten(id: number, section: Section | undefined, before: number): boolean {
    const { types, exports, bodies, spaces, moves } = this.#plan;
    switch (id) {
      case SectionId.type:
        return types.length > 0 && this.#extend(id, section, before, types.length, this.#writeTypes);
      case SectionId.import: {
        const more = Object.values(spaces).reduce(
          (sum, { imports, turned }) => sum + imports.length + turned,
          0,
        );
        return more > 0 && this.#extend(id, section, before, more, this.#writeImports);
      }
      case SectionId.function:
        return bodies.length > 0 && this.#extend(id, section, before, bodies.length, this.#writeFunctions);
      case SectionId.table:
        return this.#tables(section, before);
      case SectionId.memory:
        return this.#memories(section, before);
      case SectionId.global: {
        const more = spaces.global.added.length;
        if (more === 0 && !this.#isMoved(section)) return false;
        return this.#extend(id, section, before, more, this.#writeGlobals);
      }
      case SectionId.export:
        if (exports.length === 0 && !this.#isMoved(section)) return false;
        return this.#extend(id, section, before, exports.length, this.#writeExports);
      case SectionId.start:
        // Where the plan exports the start function, the host calls it, so the section is dropped.
        return (
          this.#plan.startExport !== undefined || (section !== undefined && moves && this.#start(section))
        );
      case SectionId.element:
      case SectionId.data:
        return this.#isMoved(section) && this.#extend(id, section, before, 0);
      case SectionId.code:
        return this.#walk !== undefined && this.#code(section, before, this.#walk);
      default:
        return false;
    }
  }

  #isMoved(section: Section | undefined): boolean {
    return section !== undefined && this.#plan.moves;
  }

  #copy(section: Section): void {
    this.#offsets.copied(this.#out.length, section.start);
    this.#out.copy(this.#module.bytes, section.start, section.end);
  }

  /** Writes a section that is a vector, with its indices moved and more entries at its end. */
  #extend(
    id: number,
    section: Section | undefined,
    before: number,
    more: number,
    write?: () => void,
  ): boolean {
    const out = this.#out;
    this.#offsets.inserted(out.length, section?.start ?? before);
    out.u8(id);
    const contents = out.openSize(3);
    const start = this.#count(section, more);
    if (section !== undefined) this.#copyRange(start, section.end);
    write?.();
    out.closeSize(contents, 3);
    return true;
  }

  /**
   * Writes how many entries a section has.
   * @returns where its own entries begin
   */
  #count(section: Section | undefined, more: number): number {
    const reader = this.#reader;
    let own = 0;
    if (section !== undefined) {
      reader.position = section.bodyStart;
      reader.end = section.end;
      own = reader.u32('a number of entries');
    }
    this.#out.u32(own + more);
    return reader.position;
  }

  #copyRange(start: number, end: number): void {
    copyMoved(this.#out, this.#plan, this.#reader, start, end);
  }

  readonly #writeTypes = (): void => {
    for (const { params, results } of this.#plan.types) {
      this.#out.u8(FUNCTION_TYPE);
      this.#writeValueTypes(params);
      this.#writeValueTypes(results);
    }
  };

  #writeValueTypes(types: AddedType['params']): void {
    this.#out.u32(types.length);
    for (const type of types) writeValueType(this.#out, type);
  }

  readonly #writeImports = (): void => {
    const out = this.#out;
    const { spaces } = this.#plan;
    const own = this.#module.memories.slice(0, spaces.memory.turned);
    this.#writeImportsOf('function');
    this.#writeImportsOf('table');
    for (const [index, limits] of own.entries()) {
      this.#writeImportName('memory', memoryImport(index));
      writeLimits(out, limits);
    }
    this.#writeImportsOf('memory');
    this.#writeImportsOf('global');
  };

  #writeImportsOf(kind: keyof typeof KIND_CODE): void {
    for (const entry of this.#plan.spaces[kind].imports) {
      this.#writeImportName(kind, entry.name ?? '');
      entry.write(this.#out);
    }
  }

  #writeImportName(kind: keyof typeof KIND_CODE, name: string): void {
    this.#out.name(KERNEL_MODULE);
    this.#out.name(name);
    this.#out.u8(KIND_CODE[kind]);
  }

  readonly #writeFunctions = (): void => {
    for (const entry of this.#plan.spaces.function.added) entry.write(this.#out);
  };

  readonly #writeGlobals = (): void => {
    for (const entry of this.#plan.spaces.global.added) entry.write(this.#out);
  };

  readonly #writeExports = (): void => {
    const out = this.#out;
    const { exports, spaces } = this.#plan;
    for (const { name, kind, target } of exports) {
      out.name(name);
      out.u8(KIND_CODE[kind]);
      out.u32(typeof target === 'number' ? spaces[kind].move(target) : target.index);
    }
  };

  #tables(section: Section | undefined, before: number): boolean {
    const out = this.#out;
    const { tables } = this.#module;
    const { added } = this.#plan.spaces.table;
    if (section === undefined && added.length === 0) return false;
    this.#offsets.inserted(out.length, section?.start ?? before);
    out.u8(SectionId.table);
    const contents = out.openSize(1);
    let copied = section?.bodyStart ?? 0;
    if (section === undefined || added.length > 0) copied = this.#count(section, added.length);
    for (const table of tables) {
      const maximum = this.#plan.maximumOf(table);
      if (maximum === undefined || maximum === table.maximum) continue;
      this.#copyRange(copied, table.limitsStart);
      writeLimits(out, { ...table, maximum });
      copied = table.limitsEnd;
    }
    if (section !== undefined) this.#copyRange(copied, section.end);
    for (const entry of added) entry.write(out);
    out.closeSize(contents, 1);
    return true;
  }

  #memories(section: Section | undefined, before: number): boolean {
    const { added, turned } = this.#plan.spaces.memory;
    const write = (): void => {
      for (const entry of added) entry.write(this.#out);
    };
    if (turned === 0)
      return added.length > 0 && this.#extend(SectionId.memory, section, before, added.length, write);
    // All of the module's own memories are imports now.
    return added.length === 0 || this.#extend(SectionId.memory, undefined, before, added.length, write);
  }

  #start(section: Section): boolean {
    const out = this.#out;
    this.#offsets.inserted(out.length, section.start);
    out.u8(SectionId.start);
    const contents = out.openSize(1);
    out.u32(this.#plan.spaces.function.move(this.#module.start ?? 0));
    out.closeSize(contents, 1);
    return true;
  }

  #code(section: Section | undefined, end: number, walk: CodeWalker): boolean {
    const out = this.#out;
    const offsets = this.#offsets;
    const module = this.#module;
    const { bodies } = this.#plan;
    if (section === undefined && bodies.length === 0) return false;
    const start = section?.start ?? end;
    const before = out.length;
    offsets.inserted(before, start);
    out.u8(SectionId.code);
    const room = 4;
    const contents = out.openSize(room);
    if (section === undefined || bodies.length > 0) this.#count(section, bodies.length);
    else out.copy(module.bytes, section.bodyStart, module.code.sizeAt[0] ?? section.end);
    const firstRun = offsets.length;
    const hints = walk.run();
    if (bodies.length > 0) offsets.inserted(out.length, section?.end ?? end);
    for (const write of bodies) {
      const body = out.openSize(2);
      write(out);
      out.closeSize(body, 2);
    }
    let shift = out.closeSize(contents, room);
    if (hints !== undefined) {
      // They stand before the code, and are known after it.
      const written = new ByteWriter(hints.length + 64);
      writeCustom(written, BRANCH_HINT_SECTION, hints);
      out.splice(before, written.finish());
      shift += written.length;
    }
    offsets.shift(firstRun, shift);
    return true;
  }

  #custom(section: Section): void {
    const custom = this.#customs.get(section);
    if (custom === undefined || !this.#rewrittenCustom(custom)) this.#copy(section);
  }

  /** Writes or drops a custom section that passes change. Returns false if it is to stay as it is. */
  #rewrittenCustom(custom: CustomSection): boolean {
    const isMetadata = custom.name.startsWith('metadata.code.');
    if (this.#plan.dropsCustoms && !isMetadata) return true;
    if (this.#walk === undefined) return false;
    if (custom.name === 'name') {
      const names = rewriteNames(this.#plan, custom);
      this.#offsets.inserted(this.#out.length, custom.section.start);
      if (names !== undefined) writeCustom(this.#out, custom.name, names);
      return true;
    }
    // Branch hints are written before the code. Other code metadata refers to offsets that are no longer right.
    return isMetadata;
  }
}

function writeCustom(out: ByteWriter, name: string, contents: Uint8Array): void {
  out.u8(SectionId.custom);
  const start = out.openSize(1);
  out.name(name);
  out.copy(contents, 0, contents.length);
  out.closeSize(start, 1);
}

/** More bytes than will be written, with few exceptions. What is not written takes no memory. */
function capacityFor({ module, dropsCustoms, walksCode }: ModulePlan): number {
  let size = 4096;
  for (const { id, start, end } of module.sections) {
    if (id === SectionId.custom && dropsCustoms) continue;
    size += (end - start) * (id === SectionId.code && walksCode ? 1.5 : 1.02);
  }
  return size;
}
