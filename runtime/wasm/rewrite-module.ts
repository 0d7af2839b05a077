import { BranchHints, branchHintSection } from './branch-hints.ts';
import { ByteWriter } from './byte-writer.ts';
import { workLimit } from './call-plan.ts';
import { CodeWalk, copyMoved } from './code-walk.ts';
import { DraftFunctions } from './draft-functions.ts';
import { InstructionReader } from './instruction-reader.ts';
import { MeterPass } from './meter-pass.ts';
import type { CustomSection, DefinedTable, Limits, Section, WasmModule } from './module.ts';
import { OffsetMap } from './offset-map.ts';
import { op } from './opcodes.ts';
import { PreemptPass } from './preempt-pass.ts';
import { rewriteNames } from './rewrite-names.ts';
import { sectionId, sectionOrder } from './sections.ts';

/** What to do with a module. Without any pass it stays as it is, byte for byte. */
export interface RewritePasses {
  /** The module's own memory becomes the import `lunatic:kernel`.`memory`; tables get the host's maximum. */
  readonly memory?: boolean;
  /** Exports what an instance must get back to serve a second time, see `RewrittenModule.state`. */
  readonly reuse?: boolean;
  /** Calls `lunatic:kernel`.`tick: () -> ()` every few microseconds of work. */
  readonly preempt?: boolean;
  /** Leaves the name section out of what is written. Engines show names in stacks, and guests choose them. */
  readonly dropNames?: boolean;
  /** Counts fuel and calls `lunatic:kernel`.`refuel: () -> i32` for more. Includes what preempt is for. */
  readonly meter?: boolean;
  /**
   * Direct calls of host functions that work on a message go to functions which use the draft: see `DraftFunctions`. It
   * is the import `lunatic:kernel`.`draft`, a memory of one page. Only together with preempt or meter, and memory.
   */
  readonly draft?: boolean;
}

export interface RewrittenModule {
  readonly bytes: Uint8Array;
  readonly offsets: OffsetMap;
  /** The function index before the rewrite; undefined for functions that a pass inserted. */
  originalFunction(index: number): number | undefined;
  /** The memory to provide as `lunatic:kernel`.`memory`, in pages; undefined when none is imported. */
  readonly memory?: { readonly initial: number; readonly maximum?: number; readonly exported: boolean };
  /**
   * Names under which the mutable globals are exported: with these, the memory and nothing else set back, an instance
   * that was used equals a fresh one. Undefined where that does not hold.
   */
  readonly state?: readonly string[];
  /** The export to call, on a stack that can suspend, before any other: the start function, if there was one. */
  readonly startExport?: string;
}

/** The module whose imports the kernel provides. No guest may import from it. */
export const kernelModule = 'lunatic:kernel';
/** Setting back more globals takes longer than a new instance. */
const reusedGlobals = 32;
/** Index of the draft's memory, behind the module's own. */
const draftMemory = 1;
/** A process may have fewer table elements than 100,000. */
const tableMaximum = 99_999;

/** @throws WasmFormatError where the code names something that does not exist */
export function rewriteModule(module: WasmModule, passes: RewritePasses): RewrittenModule {
  return new ModuleRewriter(module, passes).rewrite();
}

class ModuleRewriter {
  readonly #module: WasmModule;
  readonly #passes: RewritePasses;
  readonly #active: boolean;
  readonly #out: ByteWriter;
  readonly #offsets = new OffsetMap();
  readonly #reader: InstructionReader;
  readonly #importsMemory: boolean;
  /** The one function a pass imports, with its type's results. */
  readonly #inserted: { readonly name: string; readonly results: readonly number[] } | undefined;
  readonly #startExport: string | undefined;
  /** Exports of globals that a pass adds, by name; undefined where instances cannot be used again. */
  readonly #state: ReadonlyMap<string, number> | undefined;
  readonly #draft: DraftFunctions | undefined;
  #code: CodeWalk | undefined;
  #hints: Uint8Array | undefined;

  constructor(module: WasmModule, passes: RewritePasses) {
    this.#module = module;
    this.#passes = passes;
    this.#active = passes.memory === true || passes.preempt === true || passes.meter === true;
    this.#out = new ByteWriter(module.bytes.length * 1.15);
    this.#reader = new InstructionReader(module.bytes, 0, module.bytes.length, 'module');
    const own = module.memories[0];
    const lone = module.memories.length === 1 && module.importedMemories === 0;
    this.#importsMemory = passes.memory === true && lone && own !== undefined && !own.shared && !own.is64;
    if (passes.meter) this.#inserted = { name: 'refuel', results: [0x7f] };
    else if (passes.preempt) this.#inserted = { name: 'tick', results: [] };
    const names = new ExportNames(module);
    this.#startExport = this.#active && module.start !== undefined ? names.free('lunatic:start') : undefined;
    if (passes.reuse) this.#state = this.#mutableState(names);
    if (passes.draft) this.#draft = this.#draftFunctions();
  }

  /** Undefined where the module has no use for them. */
  #draftFunctions(): DraftFunctions | undefined {
    const module = this.#module;
    const reached = module.exports.some(({ kind, name }) => kind === 'memory' && name === 'memory');
    if (this.#inserted === undefined || !this.#importsMemory || !reached || module.functions.length === 0)
      return undefined;
    const first = this.#move(module.importedFunctions + module.functions.length);
    const functions = new DraftFunctions(module, first, draftMemory);
    return functions.count === 0 ? undefined : functions;
  }

  rewrite(): RewrittenModule {
    const module = this.#module;
    const inserted = this.#inserted;
    const shift = inserted === undefined ? 0 : 1;
    const first = module.importedFunctions;
    if (!this.#active) {
      this.#offsets.copied(0, 0);
      return { bytes: module.bytes, offsets: this.#offsets, originalFunction: (index) => index };
    }
    if (inserted !== undefined) this.#walkCode(shift);
    this.#sections();
    const memory = this.#importsMemory ? this.#importedMemory() : undefined;
    return {
      bytes: this.#out.finish(),
      offsets: this.#offsets,
      originalFunction: (index) => {
        if (index < first) return index;
        const original = index - shift;
        return original < first || original >= first + module.functions.length ? undefined : original;
      },
      ...(memory === undefined ? {} : { memory }),
      ...(this.#state === undefined ? {} : { state: [...this.#state.keys()] }),
      ...(this.#startExport === undefined ? {} : { startExport: this.#startExport }),
    };
  }

  /** What code can change besides the memory; undefined where that is more than the host can set back. */
  #mutableState(names: ExportNames): Map<string, number> | undefined {
    const module = this.#module;
    const passes = this.#passes;
    if (module.usesGcTypes || module.code.changesTables || module.importedGlobals > 0) return undefined;
    const state = new Map<string, number>();
    for (const [index, { type, mutable }] of module.globals.entries()) {
      if (!mutable) continue;
      // A host sees neither vectors nor what is in a reference.
      if (!['i32', 'i64', 'f32', 'f64'].includes(type) || state.size === reusedGlobals) return undefined;
      state.set(names.free(`lunatic:global:${index}`), index);
    }
    // The budget until the next turn may carry over, but nobody's fuel.
    if (passes.meter) state.set(names.free('lunatic:fuel'), module.globals.length);
    return state;
  }

  #importedMemory(): RewrittenModule['memory'] {
    const module = this.#module;
    const { initial, maximum } = module.memories[0] ?? { initial: 0 };
    const exported = module.exports.some((entry) => entry.kind === 'memory');
    return { initial, ...(maximum === undefined ? {} : { maximum }), exported };
  }

  readonly #move = (index: number): number =>
    this.#inserted === undefined || index < this.#module.importedFunctions ? index : index + 1;

  #walkCode(shift: number): void {
    const module = this.#module;
    const imported = module.importedFunctions;
    const global = module.importedGlobals + module.globals.length;
    const walk = new CodeWalk(module, shift, this.#draft?.calls);
    const hints = new BranchHints(module);
    if (this.#passes.meter) walk.use(new MeterPass(imported, global));
    else walk.use(new PreemptPass(module, walk.emit, imported, global));
    walk.run((defined, at, bodyStart, inserted) =>
      hints.add(imported + shift + defined, imported + defined, at, bodyStart, inserted),
    );
    this.#code = walk;
    this.#hints = hints.finish();
  }

  #sections(): void {
    const module = this.#module;
    const out = this.#out;
    const headerLength = 8;
    this.#offsets.copied(0, 0);
    out.copy(module.bytes, 0, headerLength);
    let rank = 0;
    for (const section of module.sections) {
      if (section.id === sectionId.custom) {
        this.#custom(section);
        continue;
      }
      const ownRank = sectionOrder.indexOf(section.id);
      while (rank < ownRank) this.#section(sectionOrder[rank++] ?? 0, undefined, section.start);
      rank = ownRank + 1;
      this.#section(section.id, section, section.start);
    }
    while (rank < sectionOrder.length)
      this.#section(sectionOrder[rank++] ?? 0, undefined, module.bytes.length);
  }

  #section(id: number, section: Section | undefined, before: number): void {
    if (!this.#rewritten(id, section, before) && section !== undefined) this.#copy(section);
  }

  /** Writes a section that a pass changes, adds or drops; false when it is to stay as it is. */
  #rewritten(id: number, section: Section | undefined, before: number): boolean {
    switch (id) {
      case sectionId.type:
        if (this.#inserted !== undefined) return this.#extend(id, section, before, 1, this.#writeType);
        break;
      case sectionId.import: {
        const inserted = this.#inserted;
        const importsMemory = this.#importsMemory;
        const draft = this.#draft;
        const more =
          (inserted === undefined ? 0 : 1) + (importsMemory ? 1 : 0) + (draft === undefined ? 0 : 1);
        if (more > 0) return this.#extend(id, section, before, more, this.#writeImports);
        break;
      }
      case sectionId.function: {
        const draft = this.#draft;
        if (draft === undefined) break;
        return this.#extend(id, section, before, draft.count, () => draft.writeTypes(this.#out));
      }
      case sectionId.table:
        if (section !== undefined) return this.#tables(section);
        break;
      case sectionId.memory:
        return this.#importsMemory;
      case sectionId.global:
        if (this.#inserted !== undefined) return this.#extend(id, section, before, 1, this.#writeGlobal);
        break;
      case sectionId.export:
        return this.#exports(section, before);
      case sectionId.start:
        return true;
      case sectionId.element:
      case sectionId.data:
        if (section !== undefined && this.#inserted !== undefined)
          return this.#extend(id, section, before, 0);
        break;
      case sectionId.code:
        if (section !== undefined && this.#code !== undefined) return this.#codeSection(section, this.#code);
        break;
    }
    return false;
  }

  #exports(section: Section | undefined, before: number): boolean {
    const more = (this.#startExport === undefined ? 0 : 1) + (this.#state?.size ?? 0);
    if (more === 0 && (section === undefined || this.#inserted === undefined)) return false;
    return this.#extend(sectionId.export, section, before, more, this.#writeExports);
  }

  #copy(section: Section): void {
    this.#offsets.copied(this.#out.length, section.start);
    this.#out.copy(this.#module.bytes, section.start, section.end);
  }

  /** A section that is a vector, with its function indices moved and more entries at its end. */
  #extend(
    id: number,
    section: Section | undefined,
    before: number,
    more: number,
    write?: () => void,
  ): boolean {
    const out = this.#out;
    const reader = this.#reader;
    this.#offsets.inserted(out.length, section?.start ?? before);
    out.u8(id);
    const contents = out.openSize(3);
    if (section === undefined) {
      out.u32(more);
    } else {
      reader.position = section.bodyStart;
      reader.end = section.end;
      out.u32(reader.u32('a number of entries') + more);
      this.#copyRange(reader.position, section.end);
    }
    write?.();
    out.closeSize(contents, 3);
    return true;
  }

  #copyRange(start: number, end: number): void {
    copyMoved(this.#out, this.#reader, this.#module.functionSites, start, end, this.#move);
  }

  readonly #writeType = (): void => {
    const out = this.#out;
    const inserted = this.#inserted;
    out.u8(0x60);
    out.u32(0);
    out.u32(inserted?.results.length ?? 0);
    for (const type of inserted?.results ?? []) out.u8(type);
  };

  readonly #writeImports = (): void => {
    const out = this.#out;
    const inserted = this.#inserted;
    const module = this.#module;
    if (inserted !== undefined) {
      out.name(kernelModule);
      out.name(inserted.name);
      out.u8(0);
      out.u32(module.types.length);
    }
    const memory = module.memories[0];
    if (this.#importsMemory && memory !== undefined) {
      out.name(kernelModule);
      out.name('memory');
      out.u8(2);
      writeLimits(out, memory, memory.maximum);
    }
    if (this.#draft !== undefined) {
      out.name(kernelModule);
      out.name('draft');
      out.u8(2);
      writeLimits(out, { initial: 1, shared: false, is64: false }, 1);
    }
  };

  readonly #writeGlobal = (): void => {
    const out = this.#out;
    out.u8(0x7f);
    out.u8(1);
    out.u8(op.i32Const);
    out.s32(this.#passes.meter ? 0 : workLimit);
    out.u8(op.end);
  };

  readonly #writeExports = (): void => {
    const out = this.#out;
    const module = this.#module;
    const startExport = this.#startExport;
    const state = this.#state;
    if (startExport !== undefined) {
      out.name(startExport);
      out.u8(0);
      out.u32(this.#move(module.start ?? 0));
    }
    for (const [name, global] of state ?? []) {
      out.name(name);
      out.u8(3);
      out.u32(global);
    }
  };

  #tables(section: Section): boolean {
    const out = this.#out;
    const module = this.#module;
    this.#offsets.inserted(out.length, section.start);
    out.u8(section.id);
    const contents = out.openSize(1);
    let copied = section.bodyStart;
    for (const table of module.tables) {
      this.#copyRange(copied, table.limitsStart);
      writeLimits(out, table, this.#passes.memory ? cappedMaximum(table) : table.maximum);
      copied = table.limitsEnd;
    }
    this.#copyRange(copied, section.end);
    out.closeSize(contents, 1);
    return true;
  }

  #codeSection(section: Section, walk: CodeWalk): boolean {
    const out = this.#out;
    const module = this.#module;
    const offsets = this.#offsets;
    const draft = this.#draft;
    const reader = this.#reader;
    if (this.#hints !== undefined) {
      offsets.inserted(out.length, section.start);
      this.#writeCustom(branchHintSection, this.#hints);
    }
    const firstBody = module.code.sizeAt[0] ?? section.end;
    offsets.inserted(out.length, section.start);
    out.u8(section.id);
    const room = 4;
    const contents = out.openSize(room);
    if (draft === undefined) {
      out.copy(module.bytes, section.bodyStart, firstBody);
    } else {
      reader.position = section.bodyStart;
      reader.end = section.end;
      out.u32(reader.u32('a number of functions') + draft.count);
    }
    const bodies = out.length;
    out.copy(walk.emit.bytes, 0, walk.emit.length);
    const added = out.length;
    draft?.writeBodies(out);
    const shift = out.closeSize(contents, room);
    offsets.append(walk.emit.map, bodies + shift);
    if (draft !== undefined) offsets.inserted(added + shift, section.end);
    return true;
  }

  #custom(section: Section): void {
    const module = this.#module;
    const custom = module.customs.find((entry) => entry.section === section);
    if (custom !== undefined && this.#inserted !== undefined && this.#rewrittenCustom(custom)) return;
    this.#copy(section);
  }

  /** The same for a custom section. */
  #rewrittenCustom(custom: CustomSection): boolean {
    const module = this.#module;
    const out = this.#out;
    const offsets = this.#offsets;
    if (this.#inserted === undefined) return false;
    if (custom.name === 'name') {
      const names = rewriteNames(module, custom, this.#move, [`${kernelModule}.${this.#inserted.name}`]);
      offsets.inserted(out.length, custom.section.start);
      if (names !== undefined && this.#passes.dropNames !== true) this.#writeCustom(custom.name, names);
      return true;
    }
    // Hints are written anew before the code; other code metadata refers to offsets that are gone.
    return custom.name.startsWith('metadata.code.');
  }

  #writeCustom(name: string, contents: Uint8Array): void {
    const out = this.#out;
    out.u8(sectionId.custom);
    const start = out.openSize(1);
    out.name(name);
    out.copy(contents, 0, contents.length);
    out.closeSize(start, 1);
  }
}

function writeLimits(out: ByteWriter, limits: Limits, maximum: number | undefined): void {
  out.u8((maximum === undefined ? 0 : 1) | (limits.shared ? 2 : 0) | (limits.is64 ? 4 : 0));
  writeSize(out, limits.initial);
  if (maximum !== undefined) writeSize(out, maximum);
}

/** An unsigned LEB128 number of up to 2^53. */
function writeSize(out: ByteWriter, size: number): void {
  let rest = size;
  while (rest >= 0x80) {
    out.u8((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.u8(rest);
}

/** A table that begins larger than allowed keeps its limits: the kernel refuses it. */
function cappedMaximum(table: DefinedTable): number | undefined {
  if (table.initial > tableMaximum) return table.maximum;
  return Math.min(table.maximum ?? tableMaximum, tableMaximum);
}

/** Names that are free for exports. */
class ExportNames {
  readonly #taken: Set<string>;

  constructor(module: WasmModule) {
    this.#taken = new Set(module.exports.map((entry) => entry.name));
  }

  free(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}:${i}`;
    this.#taken.add(name);
    return name;
  }
}
